/* web/room_guest.c - links to a room for people without an account: made and ended by a host, used once with
 * a code by whoever holds them. See care/room.h. */
#include "base/text.h"
#include "care/access.h"
#include "store/tx.h"
#include "web/open_link.h"
#include "web/pages.h"
#include "web/room.h"
#include "web/tpl.h"

#define LINKS "join" /* whose failures are counted together */
#define GUEST_LINK_MS (24 * MS_HOUR)

struct guest_page {
    struct room_caller c;
    struct room_guest_made made;
    bool has_made;
    const char *fault[3][2]; /* field, text */
    uint32_t n_faults;
};

static void add_fault(struct guest_page *p, const char *field, const char *text)
{
    p->fault[p->n_faults][0] = field;
    p->fault[p->n_faults++][1] = text;
}

/* ---- the host's page ---- */

static enum err set_links(struct http_req *h, const struct room *room, struct val *root)
{
    struct room_guest *guests = ARENA_ARRAY(h->rq.a, ROOM_GUESTS_MAX, struct room_guest);
    struct val *list = val_set_list(root, "guests");
    uint32_t n = 0;
    TRY_MEM(&h->rq, guests);
    TRY(room_guests(&h->rq, room->id, guests, ROOM_GUESTS_MAX, &n));
    for (uint32_t i = 0; i < n; i++) {
        struct val *m = val_add_map(list);
        val_set_str(m, "id", guests[i].id);
        val_set_str(m, "name", guests[i].name);
        val_set_str(m, "role", tr(h->rq.lang, room_role_title(guests[i].role)));
        val_set_bool(m, "open", room_guest_is_open(&guests[i], h->rq.now));
        val_set_bool(m, "revoked", guests[i].revoked_ms > 0);
        if (guests[i].used_ms > 0) {
            val_set_instant(m, "used", (struct instant){guests[i].used_ms});
        }
        val_set_instant(m, "until", (struct instant){guests[i].expires_ms});
    }
    return OK;
}

static void set_form(struct http_req *h, struct val *root)
{
    static const enum room_role roles[] = {ROOM_PATIENT, ROOM_RELATIVE, ROOM_INTERPRETER, ROOM_OBSERVER,
                                           ROOM_OTHER};
    struct val *f = page_field(h, root, "name", T("Name, as the others see it"), S(""));
    val_set_z(f, "auto", "off");
    f = page_field(h, root, "role", T("Who it is"), S(""));
    for (size_t i = 0; i < LEN(roles); i++) {
        page_option(f, room_role_code(roles[i]), tr(h->rq.lang, room_role_title(roles[i])));
    }
}

static enum err show(struct http_req *h, const struct guest_page *p)
{
    struct val *root = NULL;
    TRY(page_begin(h, T("Links for people without an account"), &root));
    page_kind(root, "narrow");
    for (uint32_t i = 0; i < p->n_faults; i++) {
        page_error(h, root, p->fault[i][0], p->fault[i][1]);
    }
    struct val *m = val_set_map(root, "room");
    val_set_str(m, "href", room_path(h, p->c.room.id, ""));
    if (p->has_made) {
        struct buf b;
        buf_init(&b, h->rq.a, 600);
        buf_str(&b, http_public_url(h));
        BUF_LIT(&b, "/join/");
        buf_str(&b, str_z(p->made.token));
        struct val *made = val_set_map(root, "made");
        val_set_str(made, "link", buf_get(&b));
        val_set_str(made, "code", str_z(p->made.code));
    }
    set_form(h, root);
    TRY(set_links(h, &p->c.room, root));
    return page_reply_status(h, p->n_faults > 0 ? 422 : 200, root, tpl_room_guests);
}

static enum err open_page(struct http_req *h, struct guest_page **ret_page)
{
    struct guest_page *p = ARENA_NEW(h->rq.a, struct guest_page);
    TRY_MEM(&h->rq, p);
    TRY(room_asker(h, &p->c));
    if (!p->c.right.host) {
        return FAIL(&h->rq, E_FORBIDDEN, "no host");
    }
    *ret_page = p;
    return OK;
}

enum err web_room_guests(struct http_req *h)
{
    struct guest_page *p = NULL;
    enum err e = open_page(h, &p);
    return e == E_NOT_FOUND ? room_shut(h) : e == OK ? show(h, p) : e;
}

static enum err made(struct http_req *h)
{
    struct guest_page *p = h->page_ctx;
    p->has_made = true;
    return show(h, p);
}

enum err web_room_guest_make(struct http_req *h)
{
    struct guest_page *p = NULL;
    struct tx *tx = tx_new(&h->rq);
    struct room_guest_ask ask = {.name = page_sent(h, "name"), .person = S("")};
    TRY_MEM(&h->rq, tx);
    enum err e = open_page(h, &p);
    if (e == E_NOT_FOUND) {
        return room_shut(h);
    }
    TRY(e);
    if (ask.name.n == 0 || ask.name.n > SEAT_NAME_MAX) {
        add_fault(p, "name", T("Write the name the others will see."));
    }
    if (!room_role_find(page_sent(h, "role"), &ask.role) || ask.role == ROOM_CLINICIAN) {
        add_fault(p, "role", T("Choose who it is."));
    }
    if (p->n_faults > 0) {
        return show(h, p);
    }
    int64_t from = MAX(p->c.room.opens_ms, h->rq.now.ms);
    ask.opens_ms = p->c.room.opens_ms;
    ask.expires_ms = MAX(p->c.room.closes_ms, from + GUEST_LINK_MS);
    e = room_guest_make(&h->rq, tx, &p->c.room, &ask, &p->made);
    if (e == E_CONFLICT) {
        err_clear(&h->rq);
        add_fault(p, "role", T("The patient does not want observers: no link is made."));
        return show(h, p);
    }
    TRY(e);
    h->page_ctx = p;
    return http_commit(h, tx, made);
}

enum err web_room_guest_end(struct http_req *h)
{
    struct guest_page *p = NULL;
    struct tx *tx = tx_new(&h->rq);
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    e = open_page(h, &p);
    if (e == E_NOT_FOUND) {
        return room_shut(h);
    }
    TRY(e);
    TRY(room_guest_end(&h->rq, tx, &p->c.room, http_param(h, S("guest"))));
    return page_commit(h, tx, room_path(h, p->c.room.id, "/guests?done=guest-ended"));
}

/* ---- whoever holds a link ---- */

static enum err show_door(struct http_req *h, const struct room_guest *g, bool wrong)
{
    struct val *root = NULL;
    bool over = !room_guest_is_open(g, h->rq.now);
    bool early = g->opens_ms > h->rq.now.ms;
    TRY(page_begin(h, T("You are invited to a video meeting"), &root));
    page_kind(root, "narrow");
    if (early) {
        page_room(h, root); /* its script knows the clock of the device */
    }
    if (wrong) {
        page_error(h, root, "code", T("The code is wrong. After five wrong codes the link ends."));
    }
    val_set_str(open_link_code(h, root), "value", S(""));
    val_set_str(root, "post", page_path(h, "/join/", http_param(h, S("token")), ""));
    val_set_str(root, "name", g->name);
    val_set_i64(root, "tz", page_tz(h));
    val_set_z(root, "state", g->used_ms > 0 ? "used" : over ? "over" : early ? "early" : "open");
    val_set_instant(root, "opens", (struct instant){g->opens_ms});
    val_set_instant(root, "until", (struct instant){g->expires_ms});
    return page_reply_status(h, wrong ? 422 : 200, root, tpl_room_join);
}

/* The browser that used the link goes on to the room. */
static enum err is_own(struct http_req *h, const struct room_guest *g, bool *ret_own)
{
    struct room_caller c;
    *ret_own = false;
    if (g->used_ms == 0 || room_cookie(h).n == 0) {
        return OK;
    }
    enum err e = room_caller(&h->rq, g->room, room_cookie(h), &c);
    *ret_own = e == OK && str_eq(c.guest.id, g->id);
    if (e == E_NOT_FOUND || e == E_SIGN_IN) {
        err_clear(&h->rq);
        return OK;
    }
    return e;
}

enum err web_join_page(struct http_req *h)
{
    struct room_guest g;
    bool own = false;
    TRY(open_link_check(h, LINKS));
    enum err e = room_guest_by_token(&h->rq, http_param(h, S("token")), &g);
    if (e == E_NOT_FOUND) {
        return open_link_lost(h, LINKS, open_link_gone);
    }
    TRY(e);
    TRY(is_own(h, &g, &own));
    return own ? http_redirect(h, room_path(h, g.room, "")) : show_door(h, &g, false);
}

struct joining {
    struct room_guest guest;
    bool right;
    char cookie[44];
};

static enum err joined(struct http_req *h)
{
    struct joining *j = h->page_ctx;
    if (!j->right) {
        return show_door(h, &j->guest, true);
    }
    http_reply_cookie(h, ROOM_COOKIE, str_z(j->cookie), ROOM_COOKIE_S);
    return http_redirect(h, room_path(h, j->guest.room, ""));
}

/* Another browser was faster with the same link: say so. */
static enum err too_late(struct http_req *h)
{
    enum err e = h->rq.err.code;
    if (e != E_STALE && e != E_CONFLICT) {
        return page_render_error(h, e);
    }
    err_clear(&h->rq);
    return web_join_page(h);
}

enum err web_join(struct http_req *h)
{
    struct joining *j = ARENA_NEW(h->rq.a, struct joining);
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, j);
    TRY_MEM(&h->rq, tx);
    TRY(open_link_check(h, LINKS));
    enum err e = room_guest_use(&h->rq, tx, http_param(h, S("token")), page_sent(h, "code"), &j->guest,
                                &j->right, j->cookie);
    if (e == E_NOT_FOUND) {
        return open_link_lost(h, LINKS, open_link_gone);
    }
    if (e == E_CONFLICT) {
        err_clear(&h->rq);
        return show_door(h, &j->guest, false);
    }
    TRY(e);
    if (!j->right) {
        TRY(open_link_count(h, tx, LINKS));
    }
    h->page_ctx = j;
    h->on_fail = too_late;
    return http_commit(h, tx, joined);
}

/* ---- trying camera, microphone and line ---- */

enum err web_line(struct http_req *h)
{
    struct val *root = NULL;
    TRY(page_begin(h, T("Try camera, microphone and line"), &root));
    page_kind(root, "narrow");
    page_room(h, root);
    return page_reply(h, root, tpl_room_line);
}

/* Bytes to measure a line by: they do not compress. */
enum err web_line_bytes(struct http_req *h)
{
    enum { BYTES = 96 << 10 };
    char *p = arena_alloc_raw(h->rq.a, BYTES);
    uint64_t v = (uint64_t)h->rq.now.ms | 1;
    TRY_MEM(&h->rq, p);
    for (size_t i = 0; i < BYTES; i++) {
        v ^= v << 13;
        v ^= v >> 7;
        v ^= v << 17;
        p[i] = (char)(v & 0xff);
    }
    return http_reply(h, 200, S("application/octet-stream"), (struct str){p, BYTES});
}
