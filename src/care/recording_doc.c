/* care/recording_doc.c - what is left of a recording: consents, and its files as documents. See
 * recording.h. */
#include "care/recording_int.h"

#include <string.h>

#include "base/text.h"
#include "care/care.h"
#include "care/consult.h"
#include "care/patient_account.h"
#include "care/sign_int.h"

enum { TITLE_MAX = 400, CONSENT_CAP = 8 << 10 };

#define CS_CONSENT_KIND CARE_URL "/CodeSystem/consent-kind"

enum err recording_consent_put(struct req *rq, struct tx *tx, const struct room_caller *c,
                               const struct recording *r, struct str *consent, bool yes)
{
    struct put p;
    put_begin(&p, rq, tx, T_CONSENT, *consent, CONSENT_CAP);
    p.case_id = c->room.case_id;
    p.patient = c->room.patient;
    json_ks(&p.o, S("status"), yes ? S("active") : S("rejected"));
    put_concept(&p.o, S("scope"), S("http://terminology.hl7.org/CodeSystem/consentscope"),
                S("patient-privacy"), (struct str){0}, (struct str){0});
    json_k(&p.o, S("category"));
    json_arr(&p.o);
    json_obj(&p.o);
    put_coding(&p.o, S(CS_CONSENT_KIND), S("meeting-recorded"), (struct str){0});
    json_ks(&p.o, S("text"), S("This meeting may be recorded"));
    json_obj_end(&p.o);
    json_arr_end(&p.o);
    put_ref(&p.o, S("patient"), T_PATIENT, c->room.patient);
    put_instant(&p.o, S("dateTime"), rq->now);
    json_k(&p.o, S("performer"));
    json_arr(&p.o);
    room_put_caller(&p.o, rq, c);
    json_arr_end(&p.o);
    put_concept(&p.o, S("policyRule"), (struct str){0}, (struct str){0}, (struct str){0},
                patient_policy(rq)->id);
    json_k(&p.o, S("provision"));
    json_obj(&p.o);
    json_ks(&p.o, S("type"), yes ? S("permit") : S("deny"));
    json_k(&p.o, S("period"));
    json_obj(&p.o);
    put_instant(&p.o, S("start"), (struct instant){r->asked_ms});
    json_obj_end(&p.o);
    json_obj_end(&p.o);
    TRY(put_end(&p));
    *consent = p.id;
    return OK;
}

enum err recording_has(struct req *rq, const struct recording *r, struct str name, bool *ret_has)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    TRY(DB_QUERY(rq, &q, Q_RECORDING_FILE, sql_text(r->id), sql_text(name)));
    return db_next(rq, &q, ret_has);
}

/* Whose seat it was; a file of nobody we know is still one of the meeting. */
static enum err name_of(struct req *rq, const struct recording *r, uint32_t seat, struct str *ret_name)
{
    CLEANUP(db_rows_done) struct db_rows q = {0};
    bool has = false;
    TRY(DB_QUERY(rq, &q, Q_RECORDING_SEAT, sql_text(r->id), sql_i64(seat)));
    TRY(db_next(rq, &q, &has));
    *ret_name = has ? db_text(rq->a, &q, 0) : S("");
    return OK;
}

/* "Recording of 22.11.2026 10:05, sound: NAME.ogg" in the language of the region. */
static struct str title_of(struct req *rq, const struct recording *r, const struct recording_file *f,
                           struct str name)
{
    const struct care *care = care_of(rq);
    enum lang lang = care->notify.lang;
    struct buf when;
    struct buf b;
    buf_init(&when, rq->a, TITLE_MAX);
    sign_time_write(&when, (struct instant){r->started_ms}, zone_at(&care->zone, r->started_ms));
    const struct text_arg args[] = {{S("when"), buf_get(&when)}, {S("name"), name}};
    buf_init(&b, rq->a, TITLE_MAX);
    text_fill(&b, tr(lang, f->video ? T("Recording of {when}, picture: {name}")
                                    : T("Recording of {when}, sound: {name}")),
              args, LEN(args));
    buf_str(&b, f->ext);
    return buf_get(&b);
}

enum err recording_keep(struct req *rq, struct tx *tx, const struct recording *r,
                        const struct recording_file *f)
{
    struct room room;
    struct patient patient;
    struct str name;
    struct str id;
    TRY(room_load(rq, r->room, &room));
    TRY(patient_load(rq, room.patient_rid, &patient));
    TRY(name_of(rq, r, f->seat, &name));
    const struct case_row row = {.id = room.case_id, .patient = room.patient,
                                 .patient_rid = room.patient_rid};
    struct case_file file = {.title = title_of(rq, r, f, name), .type = f->type, .size = f->size,
                             .author = r->by, .author_name = r->by_name, .kind = S("recording"),
                             .encounter = r->encounter};
    memcpy(file.sha, f->sha, sizeof file.sha);
    TRY(consult_file_add(rq, tx, &row, &patient, &file, &id));
    TRY(TX_SQL(tx, W_BLOB_ADD, 0, sql_blob((struct str){(const char *)f->sha, sizeof f->sha}),
               sql_i64((int64_t)f->size), sql_text(f->type), sql_i64(rq->now.ms)));
    TRY(TX_SQL(tx, W_RECORDING_FILE, TX_MUST_BE_NEW, sql_text(r->id), sql_text(f->name), sql_text(id)));
    TRY(TX_SQL(tx, W_RECORDING_FILES, 0, sql_text(r->id)));
    return room_note(rq, &room, AUDIT_CLOCK, OK, "a file of a recording was kept of");
}

enum err recording_pass(struct req *rq, struct tx *tx, const struct recording *r, struct str name)
{
    struct room room;
    TRY(room_load(rq, r->room, &room));
    TRY(TX_SQL(tx, W_RECORDING_FILE, TX_MUST_BE_NEW, sql_text(r->id), sql_text(name), sql_text(S(""))));
    return room_note(rq, &room, AUDIT_CLOCK, OK, "a file of a recording held nothing to play, of");
}

enum err recording_done(struct req *rq, struct tx *tx, const struct recording *r)
{
    TRY(TX_SQL(tx, W_RECORDING_KEPT, 0, sql_text(r->id)));
    struct room room;
    TRY(room_load(rq, r->room, &room));
    return tx_event(tx, EVENT_ROOM, signals_room_topic(room.id));
}
