/* web/ask.c - the beginning of a request: whose it is. A patient is found by a complete number, by
 * name among those of the own organisation, registered, or taken in without a name. */
#include "web/ask_int.h"

#include "base/text.h"
#include "care/directory.h"
#include "os/random.h"
#include "store/tx.h"
#include "web/tpl.h"

enum { FOUND_MAX = 20, PATIENT_FIELDS_MAX = 20 };

/* ---- values ---- */

void ask_patient(struct http_req *h, const struct patient *p, struct val *m)
{
    struct val *ids = val_set_list(m, "ids");
    val_set_str(m, "id", p->id);
    val_set_str(m, "name", p->name.n > 0 ? p->name : tr(h->rq.lang, T("Unidentified patient")));
    val_set_str(m, "sex", p->sex);
    val_set_str(m, "birth", p->birth_date);
    val_set_bool(m, "unidentified", p->unidentified);
    val_set_bool(m, "may_see", p->may_see);
    val_set_bool(m, "deceased", p->deceased);
    for (uint32_t i = 0; i < p->n_ids; i++) {
        if (p->ids[i].kind != NULL) {
            struct val *id = val_add_map(ids);
            val_set_str(id, "label", tr(h->rq.lang, p->ids[i].kind->title));
            val_set_str(id, "value", patient_id_shown(h->rq.a, &p->ids[i]));
        }
    }
}

static bool is_own_kind(const struct policy *policy, const struct id_kind *k)
{
    for (uint32_t i = 0; i < policy->n_patient_ids; i++) {
        if (str_eq(policy->patient_ids[i], k->code)) {
            return true;
        }
    }
    return false;
}

static void number_kind(struct http_req *h, struct val *field, const struct id_kind *k,
                        bool with_none)
{
    if (k != NULL && (k->n_digits > 0 || !with_none)) {
        page_option(field, k->code, tr(h->rq.lang, k->title));
    }
}

/* Kinds of numbers, those of the own organisation's country first, in the order of its rules. */
static void number_kinds(struct http_req *h, struct val *field, bool with_none)
{
    const struct directory *dir = NULL;
    const struct policy *policy = care_of(&h->rq)->policy;
    if (directory_get(&h->rq, &dir) == OK) {
        const struct dir_org *org = dir_org(dir, h->rq.who->audit.org);
        policy = org != NULL && org->policy != NULL ? org->policy : policy;
    }
    for (uint32_t i = 0; i < policy->n_patient_ids; i++) {
        number_kind(h, field, id_kind_find(policy->patient_ids[i]), with_none);
    }
    const struct id_kind *k;
    for (unsigned i = 0; (k = id_kind_at(i)) != NULL; i++) {
        if (!is_own_kind(policy, k)) {
            number_kind(h, field, k, with_none);
        }
    }
    if (with_none) {
        page_option(field, S("none"), tr(h->rq.lang, T("no number")));
    }
}

static struct str part_of(struct http_req *h, const char *name, const char *suffix)
{
    struct str key = page_path(h, name, S(""), suffix);
    struct str v = http_form(h, key);
    return v.p != NULL ? str_trim(v) : S("");
}

struct str ask_date(struct http_req *h, const char *name)
{
    static const char *const suffixes[] = {"-year", "-month", "-day"};
    struct buf b;
    bool any = false;
    buf_init(&b, h->rq.a, 128);
    for (size_t i = 0; i < LEN(suffixes); i++) {
        struct str v = part_of(h, name, suffixes[i]);
        any = any || v.n > 0;
        if (i > 0) {
            buf_char(&b, '-');
            if (v.n == 1) {
                buf_char(&b, '0');
            }
        }
        buf_str(&b, v.n <= 10 ? v : S("?"));
    }
    return any ? buf_get(&b) : S("");
}

struct val *ask_date_field(struct http_req *h, struct val *root, const char *name,
                           const char *label, struct str value)
{
    struct val *f = page_field(h, root, name, label, value);
    bool post = h->method == POST;
    val_set_str(f, "year", post ? part_of(h, name, "-year") : str_sub(value, 0, 4));
    val_set_str(f, "month", post ? part_of(h, name, "-month") : str_sub(value, 5, 2));
    val_set_str(f, "day", post ? part_of(h, name, "-day") : str_sub(value, 8, 2));
    return f;
}

/* ---- finding ---- */

static const struct ask_finder finder = {T("New request"), tpl_ask, tpl_ask_found};

enum err ask_find_show(struct http_req *h, const struct ask_finder *f, unsigned status,
                       struct val *root)
{
    struct val *v = page_field(h, root, "id-kind", T("Kind of number"), S(""));
    number_kinds(h, v, false);
    v = page_field(h, root, "id", T("Number"), S(""));
    val_set_z(v, "mode", "numeric");
    val_set_z(v, "width", "w14");
    val_set_z(v, "auto", "off");
    v = page_field(h, root, "name", T("Name"), S(""));
    val_set_str(v, "hint", tr(h->rq.lang, T("The beginning of the family name, first name or both")));
    val_set_z(v, "auto", "off");
    ask_date_field(h, root, "birth-date", T("Birth date"), S(""));
    return page_reply_status(h, status, root, f->find);
}

enum err web_ask(struct http_req *h)
{
    struct val *root = NULL;
    TRY(page_begin(h, T("New request"), &root));
    return ask_find_show(h, &finder, 200, root);
}

static void add_found(struct http_req *h, struct val *list, const struct patient *p)
{
    struct val *m = val_add_map(list);
    ask_patient(h, p, m);
    val_set_str(m, "id_kind", page_sent(h, "id-kind"));
    val_set_str(m, "number", page_sent(h, "id"));
}

static enum err show_found(struct http_req *h, const struct ask_finder *f, struct val *root,
                           bool by_name)
{
    static const char *const carried[] = {"id-kind", "id", "name"};
    struct val *sought = val_set_map(root, "sought");
    for (size_t i = 0; i < LEN(carried); i++) {
        val_set_str(sought, carried[i], page_sent(h, carried[i]));
    }
    val_set_str(sought, "birth", ask_date(h, "birth-date"));
    val_set_bool(root, "by_name", by_name);
    return page_reply(h, root, f->found);
}

static enum err find_number(struct http_req *h, const struct ask_finder *f, struct val *root)
{
    struct patient p;
    enum err e = patient_find_id(&h->rq, page_sent(h, "id-kind"), page_sent(h, "id"), &p);
    struct val *list = val_set_list(root, "found");
    if (e == E_BAD_INPUT) {
        bool digit = str_ends(str_z(h->rq.err.detail), S("check digit"));
        err_clear(&h->rq);
        page_error(h, root, "id",
                   page_sent(h, "id").n == 0 ? T("Enter the number.")
                   : digit ? T("The number has a mistake: its check digit does not fit.")
                           : T("The number does not have the right length or has other characters."));
        return ask_find_show(h, f, 422, root);
    }
    if (e == E_NOT_FOUND) {
        err_clear(&h->rq);
        return show_found(h, f, root, false);
    }
    TRY(e);
    add_found(h, list, &p);
    return show_found(h, f, root, false);
}

static enum err find_name(struct http_req *h, const struct ask_finder *f, struct val *root)
{
    struct patient *all = ARENA_ARRAY(h->rq.a, FOUND_MAX, struct patient);
    struct val *list = val_set_list(root, "found");
    struct str birth = ask_date(h, "birth-date");
    struct civil day;
    uint32_t n = 0;
    TRY_MEM(&h->rq, all);
    if (birth.n > 0 && !date_parse(birth, &day)) {
        page_error(h, root, "birth-date", T("There is no such date."));
        return ask_find_show(h, f, 422, root);
    }
    enum err e = patient_find_name(&h->rq, page_sent(h, "name"), birth, all, FOUND_MAX, &n);
    if (e == E_BAD_INPUT) {
        err_clear(&h->rq);
        page_error(h, root, "name", T("Enter at least two letters of the name."));
        return ask_find_show(h, f, 422, root);
    }
    TRY(e);
    for (uint32_t i = 0; i < n; i++) {
        add_found(h, list, &all[i]);
    }
    val_set_bool(root, "more", n == FOUND_MAX);
    return show_found(h, f, root, true);
}

enum err ask_find(struct http_req *h, const struct ask_finder *f)
{
    struct val *root = NULL;
    TRY(http_form_check(h));
    TRY(page_begin(h, f->title, &root));
    return str_eq(page_sent(h, "by"), S("name")) ? find_name(h, f, root) : find_number(h, f, root);
}

enum err web_ask_find(struct http_req *h)
{
    return ask_find(h, &finder);
}

/* ---- beginning ---- */

/* A draft for the patient into tx. */
static enum err begin_draft(struct http_req *h, struct tx *tx, struct str patient, const char *done)
{
    char *id = arena_alloc(h->rq.a, OS_ID_LEN + 1);
    struct field *f = ARENA_ARRAY(h->rq.a, 2, struct field);
    const struct directory *dir = NULL;
    TRY_MEM(&h->rq, id);
    TRY_MEM(&h->rq, f);
    TRY(directory_get(&h->rq, &dir));
    os_id(id);
    const struct dir_org *own = dir_org(dir, h->rq.who->audit.org);
    f[0] = (struct field){S("patient"), patient};
    f[1] = (struct field){S("contact"), own != NULL ? own->phone : S("")};
    struct fields fields = {f, f[1].value.n > 0 ? 2 : 1};
    enum err e = draft_save(&h->rq, tx, str_z(id), S("request"), &fields, 0);
    if (e == E_LOCKED) {
        err_clear(&h->rq);
        return http_redirect(h, S("/home?done=drafts"));
    }
    TRY(e);
    return page_commit(h, tx, page_path(h, "/ask/", str_z(id), done));
}

/* Whoever begins has found the patient: by the complete number, or among those they may see. */
static enum err may_begin(struct http_req *h, struct str id)
{
    struct res_row row;
    struct patient p;
    struct str number = page_sent(h, "id");
    if (number.n > 0) {
        TRY(patient_find_id(&h->rq, page_sent(h, "id-kind"), number, &p));
        if (str_eq(p.id, id)) {
            return OK;
        }
    }
    return access_patient(&h->rq, id, AUDIT_READ, &row);
}

enum err web_ask_start(struct http_req *h)
{
    enum err e;
    if (page_done_before(h, &e)) {
        return e;
    }
    struct str patient = page_sent(h, "patient");
    struct tx *tx = tx_new(&h->rq);
    TRY_MEM(&h->rq, tx);
    TRY(may_begin(h, patient));
    return begin_draft(h, tx, patient, "");
}

/* ---- registering ---- */

static const struct {
    const char *name;
    const char *label;
    const char *auto_fill;
} person_fields[] = {
    {"family", T("Family name"), "off"},
    {"given", T("First name"), "off"},
    {"middle", T("Middle name, if there is one"), "off"},
    {"phone", T("Telephone, if known"), "off"},
    {"address", T("Address, if known"), "off"},
};

static void sex_field(struct http_req *h, struct val *root)
{
    struct val *f = page_field(h, root, "sex", T("Sex"), S(""));
    page_option(f, S("female"), tr(h->rq.lang, T("female")));
    page_option(f, S("male"), tr(h->rq.lang, T("male")));
    page_option(f, S("unknown"), tr(h->rq.lang, T("not known")));
    val_set_bool(f, "inline", true);
}

static enum err show_register(struct http_req *h, unsigned status, struct val *root,
                              bool unidentified, bool ask_confirm)
{
    for (size_t i = 0; i < LEN(person_fields); i++) {
        struct val *f = page_field(h, root, person_fields[i].name, person_fields[i].label, S(""));
        val_set_z(f, "auto", person_fields[i].auto_fill);
    }
    ask_date_field(h, root, "birth-date", T("Birth date"), S(""));
    sex_field(h, root);
    struct val *f = page_field(h, root, "id-kind", T("Kind of number"), S(""));
    number_kinds(h, f, true);
    f = page_field(h, root, "id", T("Number"), S(""));
    val_set_z(f, "mode", "numeric");
    val_set_z(f, "width", "w14");
    f = page_field(h, root, "age", T("Age in years, about"), S(""));
    val_set_z(f, "mode", "numeric");
    val_set_z(f, "width", "w4");
    f = page_field(h, root, "note", T("What tells this person apart"), S(""));
    val_set_str(f, "hint", tr(h->rq.lang, T("Where and when found, clothes, marks: as far as it helps "
                                            "to identify them later")));
    val_set_bool(root, "unidentified", unidentified);
    val_set_bool(root, "ask_confirm", ask_confirm);
    page_kind(root, "narrow");
    return page_reply_status(h, status, root, tpl_ask_register);
}

enum err web_ask_register_page(struct http_req *h)
{
    struct val *root = NULL;
    bool unidentified = http_query(h, S("unidentified")).p != NULL;
    TRY(page_begin(h, unidentified ? T("Unidentified patient") : T("Register a patient"), &root));
    return show_register(h, 200, root, unidentified, false);
}

/* The fields of the form with the birth date in one. */
static enum err typed_patient(struct http_req *h, struct fields *ret_typed)
{
    static const char *const names[] = {"family", "given", "middle", "sex", "id-kind", "id", "phone",
                                        "address", "age", "note", "confirm", "unidentified"};
    struct field *all = ARENA_ARRAY(h->rq.a, PATIENT_FIELDS_MAX, struct field);
    uint32_t n = 0;
    TRY_MEM(&h->rq, all);
    for (size_t i = 0; i < LEN(names); i++) {
        all[n++] = (struct field){str_z(names[i]), page_sent(h, names[i])};
    }
    all[n++] = (struct field){S("birth-date"), ask_date(h, "birth-date")};
    *ret_typed = (struct fields){all, n};
    return OK;
}

static bool has_fault(const struct problems *faults, struct str field)
{
    for (uint32_t i = 0; i < faults->n; i++) {
        if (str_eq(faults->v[i].field, field)) {
            return true;
        }
    }
    return false;
}

/* The number is registered already: that patient is shown instead. */
static enum err registered_before(struct http_req *h)
{
    struct val *root = NULL;
    err_clear(&h->rq);
    TRY(page_begin(h, T("New request"), &root));
    val_set_bool(root, "registered", true);
    return find_number(h, &finder, root);
}

/* Somebody registered the number at the same moment; what else goes wrong is told as it is. */
static enum err register_failed(struct http_req *h)
{
    enum err e = h->rq.err.code;
    return e == E_CONFLICT ? registered_before(h) : page_render_error(h, e);
}

enum err web_ask_register(struct http_req *h)
{
    struct problems *faults = ARENA_NEW(h->rq.a, struct problems);
    struct tx *tx = tx_new(&h->rq);
    struct val *root = NULL;
    struct fields typed;
    struct str id;
    enum err e;
    if (page_done_before(h, &e)) {
        return e;
    }
    TRY_MEM(&h->rq, faults);
    TRY_MEM(&h->rq, tx);
    TRY(http_form_check(h));
    TRY(typed_patient(h, &typed));
    bool unidentified = str_eq(page_sent(h, "unidentified"), S("true"));
    const char *title = unidentified ? T("Unidentified patient") : T("Register a patient");
    if (str_eq(page_sent(h, "go"), S("begin"))) {
        TRY(page_begin(h, title, &root));
        return show_register(h, 200, root, unidentified, false);
    }
    e = patient_register(&h->rq, tx, &typed, faults, &id);
    if (e == E_CONFLICT) {
        return registered_before(h);
    }
    if (e == E_BAD_INPUT && faults->n > 0) {
        err_clear(&h->rq);
        TRY(page_begin(h, title, &root));
        form_faults(h, root, faults);
        return show_register(h, 422, root, unidentified, has_fault(faults, S("confirm")));
    }
    TRY(e);
    h->on_fail = register_failed;
    return begin_draft(h, tx, id, "?done=registered");
}
