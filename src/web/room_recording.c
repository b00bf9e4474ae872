/* web/room_recording.c - recording a meeting on its page: the question, each answer, the announcement. See
 * web/room.h, care/recording.h. */
#include "base/text.h"
#include "care/care.h"
#include "care/policy.h"
#include "care/recording.h"
#include "store/tx.h"
#include "web/pages.h"
#include "web/room.h"

enum { ANSWERS_MAX = 64, RECORDINGS_SHOWN = 50 };

/* Who is in and has not said yes. */
static enum err set_open(struct http_req *h, const struct room *room, const struct recording *r,
                         const struct seat *me, struct val *rec)
{
    struct seat *seats = ARENA_ARRAY(h->rq.a, ROOM_SEATS_SHOWN, struct seat);
    struct recording_answer *said = ARENA_ARRAY(h->rq.a, ANSWERS_MAX, struct recording_answer);
    struct val *open = val_set_list(rec, "open");
    uint32_t n_said = 0;
    TRY_MEM(&h->rq, seats);
    TRY_MEM(&h->rq, said);
    TRY(recording_answers(&h->rq, r->id, said, ANSWERS_MAX, &n_said));
    val_set_bool(rec, "agreed", recording_voice_of(said, n_said, me->key) == RECORDING_YES);
    uint32_t n = signals_seats(care_of(&h->rq)->signals, &h->rq, room->id, seats, ROOM_SEATS_SHOWN);
    for (uint32_t i = 0; i < n; i++) {
        if (seats[i].state == SEAT_IN
            && recording_voice_of(said, n_said, seats[i].key) != RECORDING_YES) {
            val_set_str(val_add_map(open), "name", seats[i].name);
        }
    }
    return OK;
}

/* A host may ask, or is told why not; where the rules say no there is no button. */
static enum err set_may(struct http_req *h, const struct room *room, struct val *rec)
{
    const struct policy_flag *flag = NULL;
    enum recording_bar bar;
    TRY(recording_may(&h->rq, room, &bar, &flag));
    val_set_bool(rec, "may", bar == RECORDING_MAY);
    if (bar != RECORDING_MAY && bar != RECORDING_BAR_POLICY) {
        val_set_str(rec, "bar", tr(h->rq.lang, recording_bar_text(bar)));
    }
    if (bar == RECORDING_MAY && !flag->from.verified) {
        val_set_str(rec, "source", text4_get(&flag->from.source, h->rq.lang));
    }
    return OK;
}

static void set_state(struct http_req *h, const struct room *room, const struct recording *r,
                      struct val *rec)
{
    enum signal_record now = signals_recording(care_of(&h->rq)->signals, room->id, r->id);
    bool runs = r->state == RECORDING_ON && now == SIGNAL_RECORD_ON;
    bool asks = r->state == RECORDING_ASKING || (r->state == RECORDING_ON && !runs);
    val_set_z(rec, "state", runs ? "on" : asks ? "asking" : "over");
    val_set_str(rec, "by", r->by_name);
    if (runs || asks) {
        const struct text4 *notice = &care_of(&h->rq)->policy->recording.notice;
        val_set_str(rec, "notice", text4_get(notice, h->rq.lang));
        return;
    }
    val_set_str(rec, "why", tr(h->rq.lang, recording_end_text(r->why)));
    val_set_bool(rec, "kept", r->state == RECORDING_KEPT && r->files > 0 && r->gone.ms == 0);
    val_set_bool(rec, "keeping", r->state == RECORDING_STOPPED && r->started_ms > 0);
}

enum err room_set_recording(struct http_req *h, const struct room *room, const struct seat *seat,
                            struct val *root)
{
    struct val *rec = val_set_map(root, "rec");
    struct recording r;
    bool in = seat->state == SEAT_IN;
    val_set_bool(rec, "in", in);
    val_set_z(rec, "state", "none");
    if (!room->live) {
        return OK;
    }
    enum err e = recording_of(&h->rq, room, &r);
    if (e == OK) {
        set_state(h, room, &r, rec);
        TRY(set_open(h, room, &r, seat, rec));
    } else if (e != E_NOT_FOUND) {
        return e;
    }
    err_clear(&h->rq);
    return in && seat->host ? set_may(h, room, rec) : OK;
}

enum err room_set_recordings(struct http_req *h, const struct room *room, struct val *root)
{
    struct recording *all = ARENA_ARRAY(h->rq.a, RECORDINGS_SHOWN, struct recording);
    struct val *list = val_set_list(root, "recordings");
    uint32_t n = 0;
    TRY_MEM(&h->rq, all);
    TRY(recordings_of(&h->rq, room->id, all, RECORDINGS_SHOWN, &n));
    for (uint32_t i = 0; i < n; i++) {
        struct val *m = val_add_map(list);
        val_set_instant(m, "at", (struct instant){all[i].started_ms});
        val_set_instant(m, "until", (struct instant){all[i].stopped_ms});
        val_set_str(m, "by", all[i].by_name);
        val_set_i64(m, "files", all[i].files);
        val_set_bool(m, "keeping", all[i].state == RECORDING_STOPPED);
        if (all[i].gone.ms != 0) {
            val_set_instant(m, "gone", all[i].gone);
            val_set_str(m, "gone_by", all[i].gone_by);
        }
    }
    return OK;
}

/* ---- what people do ---- */

/* Why it cannot be, in words. */
static enum err refused(struct http_req *h, const struct room_caller *c, enum err e)
{
    enum recording_bar bar;
    if (e == E_NOT_FOUND) { /* it ended meanwhile: the page says why */
        err_clear(&h->rq);
        return http_redirect(h, room_path(h, c->room.id, ""));
    }
    if (e != E_CONFLICT) {
        return e;
    }
    err_clear(&h->rq);
    TRY(recording_may(&h->rq, &c->room, &bar, NULL));
    return room_show(h, c, 409,
                     bar == RECORDING_MAY ? T("Nothing was changed: the meeting is not open, or a "
                                              "recording was asked for already.")
                                          : recording_bar_text(bar));
}

static enum err ask(struct http_req *h, struct tx *tx, struct room_caller *c)
{
    return recording_ask(&h->rq, tx, c);
}

enum err web_room_record(struct http_req *h)
{
    return room_run(h, &(struct room_doing){.fn = ask, .refused = refused, .rest = ""});
}

static enum err answer(struct http_req *h, struct tx *tx, struct room_caller *c)
{
    struct str said = page_sent(h, "answer");
    bool yes = str_eq(said, S("yes"));
    if (!yes && !str_eq(said, S("no"))) {
        return FAIL(&h->rq, E_BAD_INPUT, "answer");
    }
    return recording_answer(&h->rq, tx, c, yes);
}

enum err web_room_record_answer(struct http_req *h)
{
    return room_run(h, &(struct room_doing){.fn = answer, .refused = refused, .rest = ""});
}

static enum err stop(struct http_req *h, struct tx *tx, struct room_caller *c)
{
    return recording_stop(&h->rq, tx, c);
}

enum err web_room_record_stop(struct http_req *h)
{
    return room_run(h, &(struct room_doing){.fn = stop, .refused = refused, .rest = ""});
}
