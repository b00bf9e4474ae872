/* care/room_guest.c - links for people without an account: an interpreter, a relative, a patient who was
 * sent one. See room.h. */
#include <openssl/crypto.h>
#include <string.h>

#include "care/care.h"
#include "care/room_int.h"
#include "care/who.h"
#include "os/random.h"
#include "store/blob.h"

enum { COOKIE_CHARS = 43, LONGEST_DAYS = 90 };

static struct str bytes_of(const uint8_t *p, size_t n)
{
    return (struct str){(const char *)p, n};
}

static void code_hash(struct str token, struct str code, uint8_t ret_sha[32])
{
    struct sha s;
    sha_init(&s);
    sha_add(&s, "join:", 5);
    sha_add(&s, token.p, token.n);
    sha_add(&s, ":", 1);
    sha_add(&s, code.p, code.n);
    sha_done(&s, ret_sha);
}

/* Digits, each as likely as the other. */
static void make_code(char out[ROOM_GUEST_CODE + 1])
{
    uint64_t v;
    os_random(&v, sizeof(v));
    for (int i = 0; i < ROOM_GUEST_CODE; i++, v /= 10) {
        out[i] = (char)('0' + v % 10);
    }
    out[ROOM_GUEST_CODE] = 0;
}

static enum err check_ask(struct req *rq, const struct room *room, const struct room_guest_ask *a)
{
    int64_t from = MAX(a->opens_ms, rq->now.ms);
    bool times = a->expires_ms > from && a->expires_ms <= rq->now.ms + LONGEST_DAYS * MS_DAY;
    if (a->name.n == 0 || a->name.n > SEAT_NAME_MAX || !times || a->role >= ROOM_ROLE_COUNT) {
        return FAIL(rq, E_BAD_INPUT, "guest");
    }
    return a->role == ROOM_OBSERVER && room->no_observers
               ? FAIL(rq, E_CONFLICT, "the patient refused observers")
               : OK;
}

enum err room_guest_make(struct req *rq, struct tx *tx, const struct room *room,
                         const struct room_guest_ask *ask, struct room_guest_made *ret_made)
{
    char id[OS_ID_LEN + 1];
    uint8_t *hashes = arena_alloc_raw(rq->a, 64);
    TRY_MEM(rq, hashes);
    TRY(check_ask(rq, room, ask));
    os_id(id);
    os_id(ret_made->token);
    make_code(ret_made->code);
    sha_of(str_z(ret_made->token), hashes);
    code_hash(str_z(ret_made->token), str_z(ret_made->code), hashes + 32);
    struct str kept = arena_str(rq->a, str_z(id));
    struct str by = rq->who != NULL ? str_or_empty(rq->who->person) : S("");
    TRY_MEM(rq, kept.p);
    TRY(TX_SQL(tx, W_GUEST_NEW, 0, sql_text(kept), sql_text(room->id), sql_blob(bytes_of(hashes, 32)),
               sql_blob(bytes_of(hashes + 32, 32)), sql_i64(ask->role), sql_text(ask->name),
               sql_text(str_or_empty(ask->person)), sql_text(by), sql_i64(ask->opens_ms),
               sql_i64(ask->expires_ms), sql_i64(rq->now.ms)));
    return room_note(rq, room, AUDIT_GRANT, OK, "a link was made to");
}

static enum err guest_get(struct req *rq, const struct db_rows *q, struct room_guest *ret_guest)
{
    struct room_guest g = {
        .id = db_text(rq->a, q, 0),
        .room = db_text(rq->a, q, 1),
        .role = (enum room_role)MIN(db_i64(q, 2), (int64_t)ROOM_OTHER),
        .name = db_text(rq->a, q, 3),
        .person = db_text(rq->a, q, 4),
        .by = db_text(rq->a, q, 5),
        .opens_ms = db_i64(q, 6),
        .expires_ms = db_i64(q, 7),
        .used_ms = db_i64(q, 8),
        .wrong = (uint32_t)db_i64(q, 9),
        .revoked_ms = db_i64(q, 10),
        .created_ms = db_i64(q, 11),
    };
    struct str code = db_peek(q, 12);
    if (code.n != sizeof(g.code)) {
        return FAIL(rq, E_INTERNAL, "a row of room_guest");
    }
    memcpy(g.code, code.p, code.n);
    *ret_guest = g;
    return OK;
}

/* A link to a visit holds for its hours, also when the visit was moved after the link was sent. */
static enum err one_guest(struct req *rq, struct db_rows *q, struct room_guest *ret_guest)
{
    bool has = false;
    struct room room;
    TRY(db_next(rq, q, &has));
    if (!has) {
        return FAIL(rq, E_NOT_FOUND, "link");
    }
    TRY(guest_get(rq, q, ret_guest));
    TRY(room_load(rq, ret_guest->room, &room));
    TRY(room_hours(rq, &room));
    if (room.kind == ROOM_VISIT) {
        ret_guest->opens_ms = room.opens_ms;
        ret_guest->expires_ms = room.closes_ms;
    }
    return OK;
}

enum err room_guests(struct req *rq, struct str room, struct room_guest *ret_guests, uint32_t n,
                     uint32_t *ret_n)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint32_t got = 0;
    bool has = false;
    TRY(DB_QUERY(rq, &q, Q_GUESTS, sql_text(room), sql_i64(n)));
    TRY(db_next(rq, &q, &has));
    while (has && got < n) {
        TRY(guest_get(rq, &q, &ret_guests[got++]));
        TRY(db_next(rq, &q, &has));
    }
    *ret_n = got;
    return OK;
}

enum err room_guest_end(struct req *rq, struct tx *tx, const struct room *room, struct str id)
{
    TRY(TX_SQL(tx, W_GUEST_END, TX_MUST_CHANGE, sql_text(id), sql_text(room->id), sql_i64(rq->now.ms)));
    return room_note(rq, room, AUDIT_GRANT, OK, "a link was ended to");
}

bool room_guest_is_open(const struct room_guest *g, struct instant now)
{
    return g->revoked_ms == 0 && g->expires_ms > now.ms && g->wrong < ROOM_GUEST_WRONG_MAX;
}

enum err room_guest_by_token(struct req *rq, struct str token, struct room_guest *ret_guest)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint8_t sha[32];
    if (token.n != ROOM_GUEST_TOKEN) {
        return FAIL(rq, E_NOT_FOUND, "link");
    }
    sha_of(token, sha);
    TRY(DB_QUERY(rq, &q, Q_GUEST_TOKEN, sql_blob(bytes_of(sha, sizeof(sha)))));
    return one_guest(rq, &q, ret_guest);
}

enum err room_guest_by_cookie(struct req *rq, struct str cookie, struct room_guest *ret_guest)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    uint8_t sha[32];
    if (cookie.n != COOKIE_CHARS) {
        return FAIL(rq, E_NOT_FOUND, "guest");
    }
    sha_of(cookie, sha);
    TRY(DB_QUERY(rq, &q, Q_GUEST_SEAT, sql_blob(bytes_of(sha, sizeof(sha)))));
    return one_guest(rq, &q, ret_guest);
}

/* A browser's secret: base32 of 26 and 17 characters of two identifiers. */
static void make_cookie(char out[COOKIE_CHARS + 1])
{
    char more[OS_ID_LEN + 1];
    os_id(out);
    os_id(more);
    memcpy(out + OS_ID_LEN, more, COOKIE_CHARS - OS_ID_LEN);
    out[COOKIE_CHARS] = 0;
}

enum err room_guest_use(struct req *rq, struct tx *tx, struct str token, struct str code,
                        struct room_guest *ret_guest, bool *ret_right, char ret_cookie[44])
{
    struct room room;
    uint8_t sha[32];
    uint8_t *seat = arena_alloc_raw(rq->a, 32);
    TRY_MEM(rq, seat);
    TRY(room_guest_by_token(rq, token, ret_guest));
    TRY(room_load(rq, ret_guest->room, &room));
    if (!room_guest_is_open(ret_guest, rq->now) || ret_guest->used_ms > 0
        || ret_guest->opens_ms > rq->now.ms) {
        return FAIL(rq, E_CONFLICT, "link");
    }
    code_hash(token, code, sha);
    *ret_right = CRYPTO_memcmp(sha, ret_guest->code, sizeof(sha)) == 0;
    if (!*ret_right) {
        TRY(TX_SQL(tx, W_GUEST_WRONG, 0, sql_text(ret_guest->id)));
        return room_note(rq, &room, AUDIT_DENY, E_FORBIDDEN, "a wrong code for");
    }
    make_cookie(ret_cookie);
    sha_of(str_z(ret_cookie), seat);
    TRY(TX_SQL(tx, W_GUEST_USED, TX_MUST_CHANGE, sql_text(ret_guest->id), sql_blob(bytes_of(seat, 32)),
               sql_i64(rq->now.ms)));
    return room_note(rq, &room, AUDIT_LOGIN, OK, "a guest's link was used to");
}
