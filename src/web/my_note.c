/* web/my_note.c - signed notes of remote visits, for the patient. */
#include "web/my.h"

#include "base/text.h"
#include "care/sign_case.h"
#include "care/visit.h"
#include "web/case_view.h"
#include "web/pages.h"
#include "web/tpl.h"

enum { NOTES_SHOWN = 50 };

enum err my_add_notes(struct http_req *h, const struct my *m, struct val *list)
{
    struct visit_note *rows = ARENA_ARRAY(h->rq.a, NOTES_SHOWN, struct visit_note);
    uint32_t n = 0;
    TRY_MEM(&h->rq, rows);
    TRY(visit_notes(&h->rq, m->rid, rows, NOTES_SHOWN, &n));
    for (uint32_t i = 0; i < n; i++) {
        struct val *c = val_add_map(list);
        val_set_str(c, "href", page_path(h, "/my/notes/", rows[i].visit, ""));
        val_set_instant(c, "at", rows[i].at);
        val_set_str(c, "service", tr(h->rq.lang, T("Remote visit")));
        val_set_str(c, "who", rows[i].doctor);
    }
    return OK;
}

enum err web_my_note(struct http_req *h)
{
    struct signed_doc d;
    struct my m;
    TRY(my_begin(h, T("Note of the visit"), &m));
    TRY(visit_note_own(&h->rq, m.rid, http_param(h, S("visit")), AUDIT_READ, &d));
    TRY(case_doc(h, d.bytes, val_set_map(m.root, "doc")));
    case_signature(h, &d, val_set_map(m.root, "sig"));
    val_set_str(m.root, "pdf", page_path(h, "/my/notes/", http_param(h, S("visit")), "/pdf"));
    return page_reply(h, m.root, tpl_my_conclusion);
}

enum err web_my_note_pdf(struct http_req *h)
{
    struct res_row patient;
    struct signed_doc d;
    struct str pdf;
    TRY(access_patient(&h->rq, h->rq.who->patient, AUDIT_READ, &patient));
    TRY(visit_note_own(&h->rq, patient.rid, http_param(h, S("visit")), AUDIT_DOWNLOAD, &d));
    TRY(signed_pdf(&h->rq, &d, &pdf));
    http_reply_header(h, "Content-Disposition", S("inline; filename=\"visit.pdf\""));
    return http_reply(h, 200, S("application/pdf"), pdf);
}
