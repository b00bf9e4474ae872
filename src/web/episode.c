/* web/episode.c - messages within a course of care: the patient's page, and the doctor's. */
#include "care/episode.h"

#include "base/text.h"
#include "care/directory.h"
#include "store/tx.h"
#include "web/my.h"
#include "web/pages.h"
#include "web/tpl.h"
#include "web/visit.h"

static const char closed_text[] = T("This course of care is closed: nothing more can be written.");

static enum err load_talk(struct http_req *h, const struct episode *e, struct val *root, const char *fault)
{
    struct case_message *all = ARENA_ARRAY(h->rq.a, EPISODE_MESSAGES_MAX, struct case_message);
    uint32_t n = 0;
    TRY_MEM(&h->rq, all);
    TRY(episode_messages(&h->rq, e, all, EPISODE_MESSAGES_MAX, &n));
    my_set_talk(h, root, all, n, fault);
    return OK;
}

/* ---- the patient ---- */

enum err my_set_episodes(struct http_req *h, const struct my *m, struct val *list)
{
    struct episode *rows = ARENA_ARRAY(h->rq.a, EPISODES_MAX, struct episode);
    const struct directory *dir = NULL;
    uint32_t n = 0;
    TRY_MEM(&h->rq, rows);
    TRY(directory_get(&h->rq, &dir));
    TRY(episode_of_patient(&h->rq, m->rid, rows, EPISODES_MAX, &n));
    for (uint32_t i = 0; i < n; i++) {
        struct val *x = val_add_map(list);
        val_set_str(x, "href", page_path(h, "/my/episodes/", rows[i].id, ""));
        val_set_str(x, "service", rows[i].title);
        val_set_str(x, "who", rows[i].doctor_name);
        val_set_str(x, "org", dir_org_name(dir, rows[i].org));
        val_set_instant(x, "at", rows[i].since);
        val_set_bool(x, "open", rows[i].open);
    }
    return OK;
}

static enum err show_my(struct http_req *h, unsigned status, const char *fault)
{
    struct episode e;
    struct my m;
    TRY(my_begin(h, T("Messages"), &m));
    TRY(episode_find(&h->rq, http_param(h, S("episode")), AUDIT_READ, &e));
    TRY(load_talk(h, &e, m.root, fault));
    val_set_str(m.root, "about", e.title);
    val_set_bool(m.root, "open", e.open && who_may_my(h->rq.who, MY_TALK));
    if (!e.open) {
        val_set_str(m.root, "closed",
                    tr(h->rq.lang, T("This course of care is closed: you can only read here. "
                                     "To write again, book a visit.")));
    }
    val_set_str(m.root, "post", page_path(h, "/my/episodes/", e.id, ""));
    return page_reply_status(h, status, m.root, tpl_my_talk);
}

enum err web_my_episode(struct http_req *h)
{
    return show_my(h, 200, NULL);
}

/* ---- the doctor ---- */

static enum err show(struct http_req *h, unsigned status, const char *fault)
{
    struct val *root = NULL;
    struct res_row row;
    struct patient p;
    struct episode e;
    TRY(episode_find(&h->rq, http_param(h, S("episode")), AUDIT_READ, &e));
    TRY(db_head_rid(&h->rq, e.patient_rid, &row));
    TRY(visit_page_begin(h, &row, T("Messages with the patient"), &root, &p));
    TRY(load_talk(h, &e, root, fault));
    struct val *m = val_set_map(root, "episode");
    val_set_str(m, "title", e.title);
    val_set_str(m, "who", e.doctor_name);
    val_set_instant(m, "at", e.since);
    val_set_bool(m, "open", e.open);
    val_set_bool(m, "may_close", str_eq(e.doctor, h->rq.who->person));
    val_set_str(m, "post", page_path(h, "/episodes/", e.id, ""));
    val_set_str(m, "close", page_path(h, "/episodes/", e.id, "/close"));
    return page_reply_status(h, status, root, tpl_episode);
}

enum err web_episode(struct http_req *h)
{
    return show(h, 200, NULL);
}

/* ---- both ---- */

/* The two sides of a course of care. */
struct side {
    enum err (*may)(struct http_req *h);
    enum err (*show)(struct http_req *h, unsigned status, const char *fault);
    const char *base, *done;
};

static enum err may_talk(struct http_req *h)
{
    return my_may(h, MY_TALK);
}

static const struct side patients = {may_talk, show_my, "/my/episodes/", "?done=my-message"};
static const struct side doctors = {http_form_check, show, "/episodes/", "?done=episode-said"};

static enum err say(struct http_req *h, const struct side *side)
{
    struct tx *tx = tx_new(&h->rq);
    struct episode ep;
    unsigned status = 422;
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY(side->may(h));
    TRY(episode_find(&h->rq, http_param(h, S("episode")), AUDIT_READ, &ep));
    e = episode_say(&h->rq, tx, &ep, page_sent(h, "text"));
    const char *fault = my_talk_fault(e, closed_text, &status);
    if (fault != NULL) {
        err_clear(&h->rq);
        return side->show(h, status, fault);
    }
    TRY(e);
    return page_commit(h, tx, page_path(h, side->base, ep.id, side->done));
}

enum err web_my_episode_send(struct http_req *h)
{
    return say(h, &patients);
}

enum err web_episode_send(struct http_req *h)
{
    return say(h, &doctors);
}

/* ---- the doctor ends it ---- */

enum err web_episode_close(struct http_req *h)
{
    struct tx *tx = tx_new(&h->rq);
    struct episode ep;
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY(http_form_check(h));
    TRY(episode_find(&h->rq, http_param(h, S("episode")), AUDIT_READ, &ep));
    e = episode_close(&h->rq, tx, &ep);
    if (e == E_CONFLICT) {
        err_clear(&h->rq);
        return show(h, 422, closed_text);
    }
    TRY(e);
    return page_commit(h, tx, page_path(h, "/episodes/", ep.id, "?done=episode-closed"));
}

/* episodes: {href, title, who, at, open} of a patient, for the doctor. */
enum err visit_set_episodes(struct http_req *h, int64_t patient_rid, struct val *root)
{
    struct episode *rows = ARENA_ARRAY(h->rq.a, EPISODES_MAX, struct episode);
    struct val *list = val_set_list(root, "episodes");
    uint32_t n = 0;
    TRY_MEM(&h->rq, rows);
    TRY(episode_of_patient(&h->rq, patient_rid, rows, EPISODES_MAX, &n));
    for (uint32_t i = 0; who_may(h->rq.who, MAY_VISIT) && i < n; i++) {
        struct val *x = val_add_map(list);
        val_set_str(x, "href", page_path(h, "/episodes/", rows[i].id, ""));
        val_set_str(x, "title", rows[i].title);
        val_set_str(x, "who", rows[i].doctor_name);
        val_set_instant(x, "at", rows[i].since);
        val_set_bool(x, "open", rows[i].open);
    }
    return OK;
}
