/* web/staff_number.c - the national numbers of a person of the service, which certificates of their own
 * tokens are held to. */
#include "web/staff.h"

#include "base/text.h"
#include "care/outside.h"
#include "care/patient.h"
#include "care/put.h"
#include "store/tx.h"
#include "web/pages.h"

static bool is_national(const struct id_kind *kind)
{
    return kind->check != IDENT_KIND_COUNT;
}

enum err staff_numbers(struct http_req *h, const struct dir_person *p, struct val *root)
{
    struct outside_number all[OUTSIDE_NUMBERS_MAX];
    const struct id_kind *kind = NULL;
    struct res_row row;
    struct jv v;
    uint32_t n = 0;
    TRY(res_find(&h->rq, T_PRACTITIONER, p->id, &row, &v));
    TRY(outside_numbers_of(&h->rq, v, all, &n));
    struct val *list = val_set_list(root, "numbers");
    struct val *f = page_field(h, root, "kind", T("Kind of number"), S(""));
    for (unsigned i = 0; (kind = id_kind_at(i)) != NULL; i++) {
        for (uint32_t k = 0; k < n && is_national(kind); k++) {
            if (all[k].kind == kind->check) {
                struct val *m = val_add_map(list);
                val_set_str(m, "kind", tr(h->rq.lang, kind->title));
                val_set_str(m, "number", arena_str(h->rq.a, str_z(all[k].digits)));
            }
        }
        if (is_national(kind)) {
            page_option(f, kind->code, tr(h->rq.lang, kind->title));
        }
    }
    f = page_field(h, root, "number", T("Number"), S(""));
    val_set_z(f, "width", "w20");
    val_set_z(f, "auto", "off");
    val_set_str(f, "hint",
                tr(h->rq.lang,
                   T("Certificates of the person's own token are held to it. Empty: it is taken away.")));
    return OK;
}

enum err web_staff_number(struct http_req *h)
{
    const struct directory *d = NULL;
    const struct dir_person *p = NULL;
    const struct id_kind *kind = id_kind_find(page_sent(h, "kind"));
    struct val *root = NULL;
    struct tx *tx = tx_new(&h->rq);
    enum err e = OK;
    TRY_MEM(&h->rq, tx);
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY(staff_person_of_path(h, &d, &p));
    TRY(page_begin(h, T("People and organisations"), &root));
    if (kind == NULL || !is_national(kind)) {
        page_error(h, root, "kind", T("Choose the kind of number."));
        return staff_person_show(h, root);
    }
    e = person_number_set(&h->rq, tx, p->id, kind, page_sent(h, "number"));
    if (e == E_BAD_INPUT || e == E_CONFLICT) {
        err_clear(&h->rq);
        page_error(h, root, "number",
                   e == E_CONFLICT ? T("This number stands on record for another person.")
                                   : T("This is no such number: compare it digit by digit."));
        return staff_person_show(h, root);
    }
    TRY(e);
    return page_commit(h, tx, page_path(h, "/staff/people/", p->id, "?done=staff-changed"));
}
