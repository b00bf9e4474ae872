/* care/pdf_case.c - conclusion and request on paper. See pdf_case.h. */
#include "care/pdf_case.h"

#include "care/patient.h"
#include "care/pdf.h"
#include "care/pdf_mark.h"
#include "care/sign_read.h"

enum { BLOCKS_MAX = 2000, PICTURES_MAX = 64 };

struct page {
    struct req *rq;
    enum lang lang;
    struct pdf_block *v;
    size_t n;
    bool full;
    struct jv bundle;
    const struct pdf_picture *pictures[PICTURES_MAX];
    size_t n_pictures;
};

static enum err page_init(struct req *rq, enum lang lang, struct page *ret_page)
{
    struct pdf_block *v = ARENA_ARRAY(rq->a, BLOCKS_MAX, struct pdf_block);
    TRY_MEM(rq, v);
    *ret_page = (struct page){.rq = rq, .lang = lang, .v = v};
    return OK;
}

static void add(struct page *p, enum pdf_kind kind, struct str label, struct str text)
{
    if (p->n == BLOCKS_MAX) {
        p->full = true;
        return;
    }
    p->v[p->n++] = (struct pdf_block){kind, label, text};
}

static void pair(struct page *p, struct str label, struct str text)
{
    if (text.n > 0) {
        add(p, PDF_PAIR, label, text);
    }
}

/* ---- the patient ---- */

static struct str name_of(struct req *rq, enum lang lang, struct jv patient)
{
    struct jv name = json_at(json_get(patient, S("name")), 0);
    struct str text = json_str(rq->a, json_get(name, S("text")));
    struct buf b;
    if (text.n > 0) {
        return str_eq(text, S("?")) ? tr(lang, T("Unidentified patient")) : text;
    }
    buf_init(&b, rq->a, 4096);
    buf_str(&b, json_str(rq->a, json_get(name, S("family"))));
    struct jv given = json_get(name, S("given"));
    for (struct jv v = json_first(given); json_has(v); v = json_next(v)) {
        buf_char(&b, ' ');
        buf_str(&b, json_str(rq->a, v));
    }
    return buf_get(&b);
}

static struct str sex_of(struct page *p, struct jv patient)
{
    struct jv v = json_get(patient, S("gender"));
    if (json_is(v, S("male"))) {
        return tr(p->lang, T("male"));
    }
    return json_is(v, S("female")) ? tr(p->lang, T("female")) : tr(p->lang, T("not known"));
}

/* DD.MM.YYYY where complete, else as it stands. */
static struct str date_shown(struct req *rq, struct str iso)
{
    struct civil c;
    struct buf b;
    if (!date_parse(iso, &c)) {
        return iso;
    }
    buf_init(&b, rq->a, 16);
    sign_date_write(&b, &c);
    return buf_get(&b);
}

static struct str ids_of(struct req *rq, enum lang lang, struct jv patient)
{
    struct buf b;
    buf_init(&b, rq->a, 2048);
    struct jv ids = json_get(patient, S("identifier"));
    for (struct jv v = json_first(ids); json_has(v); v = json_next(v)) {
        struct str kind = json_str(rq->a, json_path(v, S("type.text")));
        struct str value = json_str(rq->a, json_get(v, S("value")));
        const struct id_kind *known =
            id_kind_of_system(json_str(rq->a, json_get(v, S("system"))));
        if (value.n == 0) {
            continue;
        }
        if (kind.n == 0 && known != NULL) {
            kind = tr(lang, known->title);
        }
        if (b.n > 0) {
            BUF_LIT(&b, ", ");
        }
        if (kind.n > 0) {
            buf_str(&b, kind);
            buf_char(&b, ' ');
        }
        buf_str(&b, value);
    }
    return buf_get(&b);
}

static void patient_put(struct page *p, struct jv patient)
{
    struct req *rq = p->rq;
    struct str born = json_str(rq->a, json_get(patient, S("birthDate")));
    pair(p, tr(p->lang, T("Patient")), name_of(rq, p->lang, patient));
    pair(p, tr(p->lang, T("Date of birth")), date_shown(rq, born));
    pair(p, tr(p->lang, T("Sex")), sex_of(p, patient));
    pair(p, tr(p->lang, T("Identifiers")), ids_of(rq, p->lang, patient));
    add(p, PDF_LINE, (struct str){0}, (struct str){0});
}

static struct str running_head(struct req *rq, enum lang lang, struct str title, struct jv patient)
{
    struct buf b;
    struct str born = json_str(rq->a, json_get(patient, S("birthDate")));
    buf_init(&b, rq->a, title.n + 8192);
    buf_str(&b, title);
    BUF_LIT(&b, " \xC2\xB7 ");
    buf_str(&b, name_of(rq, lang, patient));
    if (born.n > 0) {
        BUF_LIT(&b, " \xC2\xB7 ");
        buf_str(&b, date_shown(rq, born));
    }
    return buf_get(&b);
}

/* ---- sections ---- */

static void line_put(struct page *p, struct str label, struct str text)
{
    bool is_long = text.n > 160 || str_find_char(text, '\n') < text.n;
    add(p, is_long || label.n == 0 ? PDF_TEXT : PDF_PAIR, label, text);
}

/* A section's narrative; files stand in small letters. */
static enum err narrative_put(struct page *p, struct str div, bool files)
{
    const struct sign_line *lines;
    uint32_t n = 0;
    TRY(sign_lines_read(p->rq, div, &lines, &n));
    for (uint32_t i = 0; i < n; i++) {
        if (files && lines[i].label.n > 0) {
            add(p, PDF_SMALL, lines[i].label, lines[i].text);
        } else {
            line_put(p, lines[i].label, lines[i].text);
        }
    }
    return OK;
}

/* Below the last line of an image stands the image. */
static enum err picture_put(struct page *p, struct jv section, uint32_t line)
{
    struct pdf_picture *pic = ARENA_NEW(p->rq->a, struct pdf_picture);
    enum lang of_reader = p->rq->lang;
    TRY_MEM(p->rq, pic);
    p->rq->lang = p->lang; /* values stand on the picture in the document's language */
    enum err e = pdf_mark_picture(p->rq, p->bundle, section, line, pic);
    p->rq->lang = of_reader;
    TRY(e);
    if (pic->jpeg.n > 0 && p->n_pictures < PICTURES_MAX) {
        p->pictures[p->n_pictures++] = pic;
        add(p, PDF_IMAGE, (struct str){0}, (struct str){0});
    }
    return OK;
}

static enum err marks_put(struct page *p, struct jv section)
{
    const struct sign_line *lines;
    uint32_t n = 0;
    TRY(sign_lines_read(p->rq, json_str(p->rq->a, json_path(section, S("text.div"))), &lines, &n));
    for (uint32_t i = 0; i < n; i++) {
        line_put(p, lines[i].label, lines[i].text);
        TRY(picture_put(p, section, i));
    }
    return OK;
}

static enum err section_put(struct page *p, struct jv section)
{
    struct arena *a = p->rq->a;
    struct str code = json_str(a, json_path(section, S("code.coding.0.code")));
    if (str_eq(code, S("signer"))) {
        return OK;
    }
    add(p, PDF_HEADING, json_str(a, json_get(section, S("title"))), (struct str){0});
    if (str_eq(code, S("measurements"))) {
        return marks_put(p, section);
    }
    return narrative_put(p, json_str(a, json_path(section, S("text.div"))), str_eq(code, S("documents")));
}

/* ---- the conclusion ---- */

static struct jv entry_of(struct jv bundle, struct str type)
{
    struct jv entries = json_get(bundle, S("entry"));
    for (struct jv v = json_first(entries); json_has(v); v = json_next(v)) {
        struct jv r = json_get(v, S("resource"));
        if (json_is(json_get(r, S("resourceType")), type)) {
            return r;
        }
    }
    return (struct jv){0};
}

static struct str check_url(struct req *rq, struct jv bundle)
{
    struct buf b;
    struct str system = json_str(rq->a, json_path(bundle, S("identifier.system")));
    struct str code = json_str(rq->a, json_path(bundle, S("identifier.value")));
    buf_init(&b, rq->a, system.n + code.n + 1);
    buf_str(&b, system);
    buf_char(&b, '/');
    buf_str(&b, code);
    return buf_get(&b);
}

static void text_line(struct buf *b, struct str label, struct str text)
{
    if (text.n > 0) {
        buf_str(b, label);
        if (label.n > 0) {
            BUF_LIT(b, ": ");
        }
        buf_str(b, text);
        buf_char(b, '\n');
    }
}

/* The post as the document says it, in its own language; p NULL: it does not. */
static enum err post_of(struct page *p, struct jv sections, struct str *ret_post)
{
    const struct sign_line *lines;
    uint32_t n = 0;
    *ret_post = (struct str){0};
    for (struct jv v = json_first(sections); json_has(v); v = json_next(v)) {
        if (!json_is(json_path(v, S("code.coding.0.code")), S("signer"))) {
            continue;
        }
        TRY(sign_lines_read(p->rq, json_str(p->rq->a, json_path(v, S("text.div"))), &lines, &n));
        for (uint32_t i = 0; i < n; i++) {
            if (str_eq(lines[i].label, tr(p->lang, T("Post")))) {
                *ret_post = lines[i].text;
            }
        }
    }
    return OK;
}

static struct str seal_text(struct page *p, const struct pdf_conclusion *c, struct str url,
                            struct str post)
{
    const struct cms_verdict *v = c->signature;
    struct buf b;
    struct buf at;
    buf_init(&b, p->rq->a, 8192);
    buf_init(&at, p->rq->a, 64);
    sign_time_write(&at, v->signed_at, c->offset_min);
    text_line(&b, (struct str){0}, v->signer.subject.common_name);
    text_line(&b, (struct str){0}, post.n > 0 ? post : v->signer.subject.title);
    text_line(&b, (struct str){0}, v->signer.subject.organization);
    text_line(&b, tr(p->lang, T("Signed at")), buf_get(&at));
    text_line(&b, tr(p->lang, T("Certificate")), v->signer.serial_hex);
    text_line(&b, tr(p->lang, T("Issued by")), v->signer.issuer.common_name);
    if (c->stamp != NULL) {
        struct buf stamp;
        buf_init(&stamp, p->rq->a, 2048);
        stamping_write(&stamp, p->lang, c->stamp, c->offset_min);
        text_line(&b, tr(p->lang, T("Time stamp")), buf_get(&stamp));
    }
    text_line(&b, tr(p->lang, T("Check this document")), url);
    return str_trim(buf_get(&b));
}

static void seal_set(struct page *p, const struct pdf_conclusion *c, struct str url,
                     struct str post, struct pdf_doc *doc)
{
    if (c->seals.n > 0) {
        doc->seal_title = tr(p->lang, T("Signed with electronic signatures"));
        doc->seal_text = c->seals;
        doc->seal_url = url;
        return;
    }
    if (c->signature == NULL) {
        doc->seal_title = tr(p->lang, T("Preview: this document is not signed."));
        return;
    }
    if (!cms_is_good(c->signature)) {
        doc->seal_title = tr(p->lang, T("The signature of this document is not valid."));
        return;
    }
    doc->seal_title = tr(p->lang, T("Signed with an electronic signature"));
    doc->seal_text = seal_text(p, c, url, post);
    doc->seal_url = url;
    doc->author = c->signature->signer.subject.common_name;
}

static void replaced_put(struct page *p, struct str code)
{
    struct buf b;
    if (code.n == 0) {
        return;
    }
    buf_init(&b, p->rq->a, 1024);
    text_fill(&b, tr(p->lang, T("A later version has replaced this document: {code}.")),
              &(struct text_arg){S("code"), code}, 1);
    add(p, PDF_MARKED, tr(p->lang, T("No longer current")), buf_get(&b));
}

static enum err finish(struct page *p, struct pdf_doc *doc, struct str *ret_pdf)
{
    if (p->full) {
        return FAIL(p->rq, E_TOO_LARGE, "document: more than %d parts", BLOCKS_MAX);
    }
    doc->page_of = tr(p->lang, T("Page {n} of {m}"));
    doc->blocks = p->v;
    doc->n_blocks = p->n;
    doc->pictures = p->pictures;
    doc->n_pictures = p->n_pictures;
    return pdf_write(p->rq, doc, ret_pdf);
}

enum err pdf_conclusion(struct req *rq, const struct pdf_conclusion *c, struct str *ret_pdf)
{
    struct json_doc json;
    struct page p;
    enum lang lang = LANG_EN;
    TRY(json_parse(rq, c->bundle, NULL, &json));
    struct jv bundle = json_root(&json);
    struct jv composition = entry_of(bundle, S("Composition"));
    struct jv patient = entry_of(bundle, S("Patient"));
    if (!json_has(composition) || !json_has(patient)) {
        return FAIL(rq, E_SYNTAX, "Bundle.entry: Composition or Patient");
    }
    struct str code = json_str(rq->a, json_get(bundle, S("language")));
    if (code.n > 0 && !lang_parse(code, &lang)) {
        lang = LANG_EN;
    }
    TRY(page_init(rq, lang, &p));
    p.bundle = bundle;
    struct str url = check_url(rq, bundle);
    struct str title = json_str(rq->a, json_get(composition, S("title")));
    struct pdf_doc doc = {
        .organization = json_str(rq->a, json_path(composition, S("custodian.display"))),
        .title = title,
        .running = running_head(rq, lang, title, patient),
        .footer = url,
    };
    if (!instant_parse(json_str(rq->a, json_get(composition, S("date"))), &doc.at)) {
        return FAIL(rq, E_SYNTAX, "Composition.date");
    }
    struct buf at;
    buf_init(&at, rq->a, 64);
    sign_time_write(&at, doc.at, c->offset_min);
    doc.subtitle = buf_get(&at);
    replaced_put(&p, c->replaced_by);
    patient_put(&p, patient);
    struct jv sections = json_get(composition, S("section"));
    for (struct jv v = json_first(sections); json_has(v); v = json_next(v)) {
        TRY(section_put(&p, v));
    }
    struct str post;
    TRY(post_of(&p, sections, &post));
    seal_set(&p, c, url, post, &doc);
    return finish(&p, &doc, ret_pdf);
}

/* ---- the request ---- */

static void files_put(struct page *p, const struct pdf_request *r)
{
    if (r->n_files == 0) {
        return;
    }
    add(p, PDF_HEADING, tr(p->lang, T("Attached files")), (struct str){0});
    for (uint32_t i = 0; i < r->n_files; i++) {
        struct buf b;
        buf_init(&b, p->rq->a, 256 + r->files[i].type.n);
        sign_file_write(&b, p->rq->a, r->lang, r->files[i].type, r->files[i].size);
        BUF_LIT(&b, "\nSHA-256 ");
        buf_hex(&b, r->files[i].sha, 32);
        add(p, PDF_SMALL, r->files[i].title, buf_get(&b));
    }
}

enum err pdf_request(struct req *rq, const struct pdf_request *r, struct str *ret_pdf)
{
    struct page p;
    TRY(page_init(rq, r->lang, &p));
    struct pdf_doc doc = {
        .organization = r->organization,
        .title = r->title,
        .subtitle = r->subtitle,
        .running = running_head(rq, r->lang, r->title, r->patient),
        .footer = r->number,
        .author = r->author,
        .at = r->at,
    };
    struct buf at;
    buf_init(&at, rq->a, 64);
    sign_time_write(&at, r->at, r->offset_min);
    patient_put(&p, r->patient);
    pair(&p, tr(r->lang, T("Who asked")), r->author);
    pair(&p, tr(r->lang, T("Asked at")), buf_get(&at));
    add(&p, PDF_LINE, (struct str){0}, (struct str){0});
    if (r->question.n > 0) {
        add(&p, PDF_MARKED, tr(r->lang, T("Question")), r->question);
    }
    if (r->diagnosis.n > 0) {
        pair(&p, tr(r->lang, T("Diagnosis")), r->diagnosis);
    }
    for (uint32_t i = 0; i < r->n_sections; i++) {
        add(&p, PDF_HEADING, r->sections[i].title, (struct str){0});
        for (uint32_t k = 0; k < r->sections[i].n; k++) {
            line_put(&p, r->sections[i].lines[k].label, r->sections[i].lines[k].text);
        }
    }
    files_put(&p, r);
    return finish(&p, &doc, ret_pdf);
}
