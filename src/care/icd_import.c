/* care/icd_import.c - CSV, FHIR CodeSystem and ClaML to the list of diagnoses. */
#include "care/icd_import.h"

#include <libxml/xmlreader.h>

#include "base/text.h"
#include "codec/csv.h"
#include "codec/json.h"
#include "fhir/nest.h"

enum { ROWS_MAX = 60000, TITLE_MAX = 1000, COLUMNS_MAX = 64 };

struct row {
    struct str code;
    struct str title[LANG_COUNT];
    struct str words;
};

struct rows {
    struct req *rq;
    struct row *v;
    uint32_t n;
    enum lang lang;
};

/* A letter, two digits, then a point and up to four letters or digits. */
static bool is_code(struct str s)
{
    if (s.n < 3 || s.n > 8 || s.p[0] < 'A' || s.p[0] > 'Z' || s.p[1] < '0' || s.p[1] > '9'
        || s.p[2] < '0' || s.p[2] > '9') {
        return false;
    }
    for (size_t i = 3; i < s.n; i++) {
        char c = s.p[i];
        bool word = (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z');
        if (i == 3 ? c != '.' || s.n == 4 : !word) {
            return false;
        }
    }
    return true;
}

static enum err add(struct rows *r, struct str code, struct row **ret_row)
{
    if (r->n == ROWS_MAX) {
        return FAIL(r->rq, E_TOO_LARGE, "more than %d codes", ROWS_MAX);
    }
    r->v[r->n] = (struct row){.code = arena_str(r->rq->a, code)};
    TRY_MEM(r->rq, r->v[r->n].code.p);
    *ret_row = &r->v[r->n++];
    return OK;
}

static enum err set_title(struct rows *r, struct row *row, enum lang lang, struct str title)
{
    title = str_trim(title);
    if (title.n == 0 || row->title[lang].n > 0) {
        return OK;
    }
    title.n = MIN(title.n, (size_t)TITLE_MAX);
    while (title.n > 0 && ((unsigned char)title.p[title.n - 1] & 0xc0) == 0x80
           && title.n == TITLE_MAX) {
        title.n--; /* not inside a character */
    }
    row->title[lang] = arena_str(r->rq->a, title);
    return row->title[lang].p != NULL ? OK : FAIL(r->rq, E_TOO_LARGE, "memory cap");
}

/* ---- CSV ---- */

struct columns {
    struct rows *rows;
    int code, words;
    int title[LANG_COUNT];
    bool have_head;
};

static void read_head(struct columns *c, const struct str *fields, size_t n)
{
    c->code = c->words = -1;
    for (int l = 0; l < LANG_COUNT; l++) {
        c->title[l] = -1;
    }
    for (size_t i = 0; i < n && i < COLUMNS_MAX; i++) {
        struct str f = str_trim(fields[i]);
        enum lang lang = LANG_EN;
        if (str_eq_nocase(f, S("code")) || str_eq_nocase(f, S("MKB_CODE"))) {
            c->code = (int)i;
        } else if (str_eq_nocase(f, S("words"))) {
            c->words = (int)i;
        } else if (str_eq_nocase(f, S("title")) || str_eq_nocase(f, S("name"))
                   || str_eq_nocase(f, S("MKB_NAME"))) {
            c->title[c->rows->lang] = (int)i;
        } else if (f.n == 2 && lang_parse(f, &lang)) {
            c->title[lang] = (int)i;
        }
    }
    c->have_head = true;
}

static enum err csv_row(void *ctx, uint64_t line, const struct str *fields, size_t n)
{
    struct columns *c = ctx;
    struct row *row = NULL;

    (void)line;
    if (!c->have_head) {
        read_head(c, fields, n);
        return c->code >= 0 ? OK : FAIL(c->rows->rq, E_SYNTAX, "line 1: no column \"code\"");
    }
    if ((size_t)c->code >= n || !is_code(str_trim(fields[c->code]))) {
        return OK; /* chapters and blocks */
    }
    TRY(add(c->rows, str_trim(fields[c->code]), &row));
    for (int l = 0; l < LANG_COUNT; l++) {
        if (c->title[l] >= 0 && (size_t)c->title[l] < n) {
            TRY(set_title(c->rows, row, (enum lang)l, fields[c->title[l]]));
        }
    }
    if (c->words >= 0 && (size_t)c->words < n) {
        row->words = arena_str(c->rows->rq->a, str_trim(fields[c->words]));
    }
    return OK;
}

static enum err read_csv(struct rows *r, struct str text)
{
    struct columns c = {.rows = r};
    struct csv_options o = {.max_fields = COLUMNS_MAX, .max_record = 65536};
    struct csv *csv = NULL;

    TRY(csv_new(r->rq, &o, csv_row, &c, &csv));
    TRY(csv_feed(csv, text));
    return csv_finish(csv);
}

/* ---- FHIR CodeSystem ---- */

static enum err json_concept(struct rows *r, struct jv v)
{
    struct req *rq = r->rq;
    struct str code = json_str(rq->a, json_get(v, S("code")));
    struct jv designations = json_get(v, S("designation"));
    struct row *row = NULL;

    if (!is_code(code)) {
        return OK;
    }
    TRY(add(r, code, &row));
    for (struct jv d = json_first(designations); json_has(d); d = json_next(d)) {
        enum lang lang = LANG_EN;
        if (lang_parse(json_str(rq->a, json_get(d, S("language"))), &lang)) {
            TRY(set_title(r, row, lang, json_str(rq->a, json_get(d, S("value")))));
        }
    }
    return set_title(r, row, r->lang, json_str(rq->a, json_get(v, S("display"))));
}

static enum err read_json(struct rows *r, struct str text)
{
    static const struct json_limits limits = {ICD_IMPORT_MAX, 64, 8000000};
    struct json_doc doc;
    struct nest w;

    TRY(json_parse(r->rq, text, &limits, &doc));
    if (!json_is(json_get(json_root(&doc), S("resourceType")), S("CodeSystem"))) {
        return FAIL(r->rq, E_SYNTAX, "not a FHIR CodeSystem");
    }
    enum lang lang = r->lang;
    if (lang_parse(json_str(r->rq->a, json_get(json_root(&doc), S("language"))), &lang)) {
        r->lang = lang;
    }
    for (nest_begin(&w, json_get(json_root(&doc), S("concept"))); json_has(nest_at(&w));
         nest_next(&w, json_get(nest_at(&w), S("concept")))) {
        TRY(json_concept(r, nest_at(&w)));
    }
    return OK;
}

/* ---- ClaML ---- */

struct claml {
    struct rows *rows;
    struct row *row;  /* the category that is open */
    bool preferred;   /* inside its preferred rubric */
    bool label;       /* inside a label there */
    enum lang lang;   /* of the label */
    struct buf text;
    bool ended;
};

static struct str xml_name(xmlTextReaderPtr x)
{
    return str_z((const char *)xmlTextReaderConstLocalName(x));
}

/* An attribute's value in the arena; empty when absent. */
static struct str xml_attr(struct claml *c, xmlTextReaderPtr x, const char *name)
{
    xmlChar *v = xmlTextReaderGetAttribute(x, (const xmlChar *)name);
    struct str s = arena_str(c->rows->rq->a, str_z((const char *)v));

    if (v != NULL) {
        xmlFree(v);
    }
    return s;
}

static enum err claml_begin(struct claml *c, xmlTextReaderPtr x)
{
    struct str name = xml_name(x);

    if (str_eq(name, S("Class"))) {
        struct str code = xml_attr(c, x, "code");
        c->row = NULL;
        if (str_eq(xml_attr(c, x, "kind"), S("category")) && is_code(code)) {
            TRY(add(c->rows, code, &c->row));
        }
    } else if (str_eq(name, S("Rubric"))) {
        c->preferred = c->row != NULL && str_eq(xml_attr(c, x, "kind"), S("preferred"));
    } else if (str_eq(name, S("Label")) && c->preferred) {
        struct str lang = xml_attr(c, x, "xml:lang");
        c->lang = c->rows->lang;
        if (lang.n > 0 && !lang_parse(lang, &c->lang)) {
            return OK; /* a language we do not show */
        }
        c->label = xmlTextReaderIsEmptyElement(x) == 0;
        buf_init(&c->text, c->rows->rq->a, 8 * TITLE_MAX);
    }
    return OK;
}

static enum err claml_end(struct claml *c, xmlTextReaderPtr x)
{
    struct str name = xml_name(x);

    if (str_eq(name, S("Label")) && c->label) {
        c->label = false;
        return set_title(c->rows, c->row, c->lang, buf_get(&c->text));
    }
    if (str_eq(name, S("Rubric"))) {
        c->preferred = false;
    } else if (str_eq(name, S("Class"))) {
        c->row = NULL;
    }
    return OK;
}

static void silent(void *ctx, const char *msg, ...)
{
    (void)ctx;
    (void)msg;
}

static enum err claml_read(struct claml *c, xmlTextReaderPtr x)
{
    int more = 0;

    while ((more = xmlTextReaderRead(x)) == 1) {
        int type = xmlTextReaderNodeType(x);
        if (type == XML_READER_TYPE_ELEMENT) {
            TRY(claml_begin(c, x));
        } else if (type == XML_READER_TYPE_END_ELEMENT) {
            TRY(claml_end(c, x));
        } else if (c->label
                   && (type == XML_READER_TYPE_TEXT || type == XML_READER_TYPE_CDATA
                       || type == XML_READER_TYPE_SIGNIFICANT_WHITESPACE)) {
            buf_str(&c->text, str_z((const char *)xmlTextReaderConstValue(x)));
        }
    }
    return more == 0 ? OK
                     : FAIL(c->rows->rq, E_SYNTAX, "XML: line %d",
                            xmlTextReaderGetParserLineNumber(x));
}

/* Nothing is fetched and no entity is replaced: the file is data, whoever made it. */
static enum err read_claml(struct rows *r, struct str text)
{
    struct claml c = {.rows = r};
    xmlTextReaderPtr x = xmlReaderForMemory(text.p, (int)text.n, NULL, NULL,
                                            XML_PARSE_NONET | XML_PARSE_NOERROR
                                                | XML_PARSE_NOWARNING | XML_PARSE_NOCDATA);
    if (x == NULL) {
        return FAIL(r->rq, E_SYNTAX, "XML");
    }
    xmlSetGenericErrorFunc(NULL, silent);
    enum err e = claml_read(&c, x);
    xmlFreeTextReader(x);
    return e;
}

/* ---- Out ---- */

static enum err write_rows(struct rows *r, struct str *ret_csv)
{
    static const enum lang order[] = {LANG_EN, LANG_RU, LANG_KK, LANG_UZ};
    struct buf b;

    buf_init(&b, r->rq->a, ICD_IMPORT_MAX);
    BUF_LIT(&b, "code,en,ru,kk,uz,words\r\n");
    for (uint32_t i = 0; i < r->n; i++) {
        csv_field(&b, ',', true, r->v[i].code);
        for (size_t l = 0; l < LEN(order); l++) {
            csv_field(&b, ',', false, r->v[i].title[order[l]]);
        }
        csv_field(&b, ',', false, r->v[i].words);
        BUF_LIT(&b, "\r\n");
    }
    if (!buf_ok(&b)) {
        return FAIL(r->rq, E_TOO_LARGE, "list of diagnoses");
    }
    *ret_csv = buf_get(&b);
    return OK;
}

enum err icd_import(struct req *rq, struct str text, enum lang lang, struct str *ret_csv,
                    uint32_t *ret_n)
{
    struct rows r = {.rq = rq, .v = ARENA_ARRAY(rq->a, ROWS_MAX, struct row), .lang = lang};
    struct str start = text;

    TRY_MEM(rq, r.v);
    if (str_starts(start, S("\xef\xbb\xbf"))) {
        start = str_sub(start, 3, start.n);
    }
    start = str_trim(start);
    if (text.n > ICD_IMPORT_MAX || start.n == 0) {
        return FAIL(rq, start.n == 0 ? E_BAD_INPUT : E_TOO_LARGE, "file");
    }
    TRY(start.p[0] == '{'   ? read_json(&r, start)
        : start.p[0] == '<' ? read_claml(&r, start)
                            : read_csv(&r, text));
    if (r.n == 0) {
        return FAIL(rq, E_BAD_INPUT, "no code of ICD-10 in the file");
    }
    TRY(write_rows(&r, ret_csv));
    *ret_n = r.n;
    return OK;
}
