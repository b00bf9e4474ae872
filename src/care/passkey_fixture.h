/* care/passkey_fixture.h - people with passwords and a device, for tests of passkeys and of what stands
 * for them. Include it once, in the file of a test program. */
#pragma once

#include "care/care_fixture.h"

#include "care/factor.h"
#include "care/passkey.h"
#include "codec/b64.h"
#include "codec/webauthn_testing.h"

#define PASSWORD S("correct horse battery")
#define ORIGIN S("https://telemed.example")

static struct req keep;
static struct test_passkey device; /* of asker */

static inline int passkey_setup(void **state)
{
    static const struct str logins[] = {SI("asker"), SI("feldsher"), SI("auditor")};
    struct req rq;
    struct str hash = {0};
    region_setup(state);
    region.care.notify.base_url = S("HTTPS://Telemed.example/consilium/");
    as(&keep, NULL);
    as(&rq, NULL);
    struct tx *tx = tx_new(&rq);
    MUST(&rq, password_hash(&rq, PASSWORD, &hash));
    for (size_t i = 0; i < LEN(logins); i++) {
        MUST(&rq, account_add(&rq, tx, logins[i], logins[i], hash, false));
    }
    assert_int_equal(commit_end(&rq, tx), OK);
    test_passkey_init(&device, S("of asker"));
    return 0;
}

static inline int passkey_teardown(void **state)
{
    test_passkey_done(&device);
    req_done(&keep);
    return region_teardown(state);
}

/* ---- acting ---- */

static inline enum err enter(struct str login, struct session *s)
{
    struct req rq;
    struct sign_in_from from = {{0}, {0}};
    as(&rq, NULL);
    rq.who = NULL;
    enum err e = sign_in(&rq, login, PASSWORD, &from, s);
    req_done(&rq);
    return e;
}

static inline const struct who *who_of(const struct session *s)
{
    const struct who *w = NULL;
    keep.now = region.now;
    enum err e = who_by_session(&keep, str_z(s->token), &w);
    err_clear(&keep);
    return e == OK ? w : NULL;
}

static inline struct str text(struct str bytes)
{
    struct buf b;
    buf_init(&b, keep.a, 4096);
    b64_write(&b, bytes.p, bytes.n, B64_URL);
    return buf_get(&b);
}

/* What a browser that shows a page of origin hands over for a new passkey. */
static inline struct passkey_said made(const struct test_passkey *p, const struct passkey_ask *ask,
                                       struct str origin)
{
    struct webauthn_ask said = {ask->challenge, origin, ask->rp_id};
    struct str client = test_client(&keep, "webauthn.create", &said);
    return (struct passkey_said){.client_data = text(client),
                                 .auth_data = text(test_made(&keep, p, ask->rp_id)),
                                 .transports = S("internal evil hybrid")};
}

/* The same for one that is used. */
static inline struct passkey_said used(const struct test_passkey *p, const struct passkey_ask *ask,
                                       struct str origin)
{
    struct webauthn_ask said = {ask->challenge, origin, ask->rp_id};
    struct str client = test_client(&keep, "webauthn.get", &said);
    struct str data = test_used(&keep, p, ask->rp_id);
    return (struct passkey_said){.id = text(p->id), .client_data = text(client), .auth_data = text(data),
                                 .sig = text(test_signed(&keep, p, client, data)), .handle = S("")};
}

/* ask: kept beyond the request */
static inline struct passkey_ask kept(const struct passkey_ask *ask)
{
    struct passkey_ask k = *ask;
    k.challenge = arena_str(keep.a, ask->challenge);
    k.rp_id = arena_str(keep.a, ask->rp_id);
    k.handle = arena_str(keep.a, str_or_empty(ask->handle));
    k.known = arena_str(keep.a, str_or_empty(ask->known));
    k.login = (struct str){0};
    return k;
}

static inline enum err begin(const struct who *w, struct str password, struct passkey_ask *ret_ask)
{
    struct req rq;
    struct passkey_ask ask = {0};
    as(&rq, w);
    enum err e = passkey_begin(&rq, password, S(""), &ask);
    *ret_ask = kept(&ask);
    req_done(&rq);
    return e;
}

static inline enum err add_with(const struct who *w, const struct passkey_said *said,
                                struct recovery_new *ret_codes)
{
    struct req rq;
    as(&rq, w);
    struct recovery_new codes = {0};
    enum err e = passkey_add(&rq, S("Telephone"), said, &codes);
    for (uint32_t i = 0; e == OK && i < codes.n; i++) {
        codes.code[i] = arena_str(keep.a, codes.code[i]);
    }
    *ret_codes = codes;
    req_done(&rq);
    return e;
}

static inline enum err add(const struct who *w, const struct passkey_said *said)
{
    struct recovery_new codes;
    return add_with(w, said, &codes);
}

static inline enum err add_new(const struct who *w, const struct test_passkey *p)
{
    struct passkey_ask ask;
    assert_int_equal(begin(w, PASSWORD, &ask), OK);
    struct passkey_said said = made(p, &ask, ORIGIN);
    return add(w, &said);
}

static inline struct passkey_ask ask_now(void)
{
    struct req rq;
    struct passkey_ask ask = {0};
    as(&rq, NULL);
    rq.who = NULL;
    MUST(&rq, passkey_ask(&rq, &ask));
    ask = kept(&ask);
    req_done(&rq);
    return ask;
}

static inline enum err answer(const struct passkey_ask *ask, const struct passkey_said *said,
                              struct session *s)
{
    struct req rq;
    struct sign_in_from from = {{0}, {0}};
    as(&rq, NULL);
    rq.who = NULL;
    enum err e = sign_in_passkey(&rq, str_z(ask->attempt), said, &from, s);
    req_done(&rq);
    return e;
}

static inline enum err enter_with(const struct test_passkey *p, struct session *s)
{
    struct passkey_ask ask = ask_now();
    struct passkey_said said = used(p, &ask, ORIGIN);
    return answer(&ask, &said, s);
}

static inline uint32_t list(const struct who *w, struct passkey all[PASSKEYS_MAX])
{
    uint32_t n = 0;
    MUST(&keep, passkey_list(&keep, w->account, all, &n));
    return n;
}

static inline enum err end(const struct who *w, struct str password, int64_t id)
{
    struct req rq;
    as(&rq, w);
    enum err e = passkey_end(&rq, password, S(""), id);
    req_done(&rq);
    return e;
}

static inline uint32_t told(const char *person, enum notice_kind kind)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    MUST(&keep, DB_ONE(&keep, &q, Q_NOTICE_TOLD, sql_text(str_z(person)), sql_i64(kind), sql_text(S("")),
                       sql_i64(0)));
    return (uint32_t)db_i64(&q, 0);
}
