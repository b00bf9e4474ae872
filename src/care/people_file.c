/* care/people_file.c - a CSV file of organisations or people as rows. See people.h.
 *
 * A line is read by itself, so that one broken quote spoils one line and not the rest of the file. */
#include "care/people_int.h"

#include "base/text.h"
#include "codec/csv.h"
#include "codec/utf8.h"

enum { FIELDS_MAX = 40, LINE_MAX_BYTES = 4096, LINE_MEMORY = 64 << 10, NAME_BYTES = 300,
    SHORT_BYTES = 120 };

struct column {
    struct str name;
    const char *help;
    uint32_t bytes; /* most of a field */
};

static const struct column org_columns[] = {
    [ORG_CODE] = {SI("code"), T("Needed. The key of the organisation: letters, digits and . _ - /; "
                                "for one that "
                                "stands here without a code its identifier from the address of its "
                                "page."), 64},
    [ORG_NAME] = {SI("name"), T("Needed for a new one."), NAME_BYTES},
    [ORG_KIND] = {SI("kind"), T("station, hospital, centre, national or other. Needed for a new "
                                "one."), 20},
    [ORG_PARENT] = {SI("parent"), T("The code of the organisation above it; it may stand in the same "
                                    "file. Empty for a new one: the organisation you act in."), 64},
    [ORG_PHONE] = {SI("phone"), T("Telephone number."), 60},
};

static const struct column staff_columns[] = {
    [STAFF_LOGIN] = {SI("login"), T("Needed. The key of the person: 2 to 64 of a-z 0-9 . _ -"), 64},
    [STAFF_NUMBER] = {SI("number"), T("National number: IIN, PINFL or SNILS. Finds a person who has "
                                      "no login yet."), 30},
    [STAFF_FAMILY] = {SI("family"), T("Family name. Needed for a new person."), 200},
    [STAFF_GIVEN] = {SI("given"), T("Given name. Needed for a new person."), 200},
    [STAFF_MIDDLE] = {SI("middle"), T("Middle name."), 200},
    [STAFF_SEX] = {SI("sex"), T("male or female."), 10},
    [STAFF_ORG] = {SI("organisation"), T("The code of the organisation of the role. Needed for a new "
                                         "person."), 64},
    [STAFF_ROLE] = {SI("role"), T("A role by its code, see below. Needed for a new "
                                  "person."), SHORT_BYTES},
    [STAFF_SERVICES] = {SI("services"), T("Services the person answers for, by name, with | between "
                                          "them."), 2000},
    [STAFF_FROM] = {SI("from"), T("First day of the role, as 2026-11-23."), 10},
    [STAFF_UNTIL] = {SI("until"), T("Last day of the role, as 2026-11-23."), 10},
};

static const struct {
    const struct column *v;
    uint32_t n;
} kinds[PEOPLE_WHAT_COUNT] = {
    [PEOPLE_ORGS] = {org_columns, LEN(org_columns)},
    [PEOPLE_STAFF] = {staff_columns, LEN(staff_columns)},
};

struct str people_column(enum people_what what, uint32_t i)
{
    return i < kinds[what].n ? kinds[what].v[i].name : (struct str){0};
}

const char *people_column_help(enum people_what what, uint32_t i)
{
    return i < kinds[what].n ? kinds[what].v[i].help : "";
}

void people_template(struct buf *b, enum people_what what, char separator)
{
    BUF_LIT(b, "\xef\xbb\xbf");
    for (uint32_t i = 0; i < kinds[what].n; i++) {
        csv_field(b, separator, i == 0, kinds[what].v[i].name);
    }
    BUF_LIT(b, "\r\n");
}

/* ---- faults ---- */

static void add_fault(struct people_read *r, uint32_t line, struct str column, const char *text,
                      struct str what)
{
    struct people_plan *p = r->p;
    if (p->n_faults < PEOPLE_FAULTS_MAX && p->n_faults == r->faults_cap) {
        uint32_t cap = r->faults_cap == 0 ? 64 : r->faults_cap * 2;
        struct people_fault *more = ARENA_ARRAY(r->rq->a, cap, struct people_fault);
        for (uint32_t i = 0; more != NULL && i < p->n_faults; i++) {
            more[i] = r->faults[i];
        }
        r->faults_cap = more != NULL ? cap : r->faults_cap;
        r->faults = more != NULL ? more : r->faults;
    }
    if (p->n_faults < r->faults_cap && p->n_faults < PEOPLE_FAULTS_MAX) {
        r->faults[p->n_faults] = (struct people_fault){line, column, text, arena_str(r->rq->a, what)};
    }
    p->n_faults++;
}

void people_wrong(struct people_read *r, struct people_row *row, uint32_t column, const char *text,
                  struct str what)
{
    add_fault(r, row->line, people_column(r->p->what, column), text, what);
    row->act = PEOPLE_WRONG;
}

void people_differs(struct people_read *r, struct people_row *row, uint32_t column, struct str from,
                    struct str to)
{
    if (row->changes == NULL) {
        row->changes = ARENA_ARRAY(r->rq->a, PEOPLE_COLUMNS, struct people_change);
    }
    if (row->changes != NULL && row->n_changes < PEOPLE_COLUMNS) {
        row->changes[row->n_changes++] = (struct people_change){
            people_column(r->p->what, column), arena_str(r->rq->a, from), arena_str(r->rq->a, to)};
    }
}

/* ---- lines ---- */

/* What reading a line needs besides. */
struct reading {
    struct people_read *r;
    struct req lines;  /* the reader's own memory: made anew after a broken line */
    struct csv *csv;
    uint32_t line;
    uint32_t column_of[FIELDS_MAX]; /* of a field: column, DIR_NONE unknown */
    uint32_t n_fields;
    bool has_head;
};

static char separator_of(struct str head)
{
    for (size_t i = 0; i < head.n; i++) {
        if (head.p[i] == ';' || head.p[i] == ',' || head.p[i] == '\t') {
            return head.p[i];
        }
    }
    return ',';
}

/* Which kind of file it is, by its key column. */
static enum people_what what_of(const struct str *names, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (int w = PEOPLE_ORGS; w < PEOPLE_WHAT_COUNT; w++) {
            if (str_eq_nocase(str_trim(names[i]), kinds[w].v[0].name)) {
                return (enum people_what)w;
            }
        }
    }
    return PEOPLE_NOTHING;
}

static void read_head(struct reading *g, const struct str *names, size_t n)
{
    struct people_read *r = g->r;
    enum people_what what = what_of(names, n);

    r->p->what = what;
    g->has_head = true;
    g->n_fields = (uint32_t)n;
    if (what == PEOPLE_NOTHING) {
        add_fault(r, g->line, S(""), T("The first line must name the columns, as the template does: "
                                       "“code” for "
                                       "organisations, “login” for people."), S(""));
        return;
    }
    for (uint32_t i = 0; i < n; i++) {
        struct str name = str_trim(names[i]);
        g->column_of[i] = DIR_NONE;
        for (uint32_t k = 0; k < kinds[what].n; k++) {
            g->column_of[i] = str_eq_nocase(name, kinds[what].v[k].name) ? k : g->column_of[i];
        }
        bool twice = false;
        for (uint32_t k = 0; k < i; k++) {
            twice = twice || (g->column_of[i] != DIR_NONE && g->column_of[k] == g->column_of[i]);
        }
        if (twice) {
            add_fault(r, g->line, name, T("This column stands here twice."), S(""));
        } else if (g->column_of[i] == DIR_NONE && name.n > 0) {
            add_fault(r, g->line, arena_str(r->rq->a, name), T("There is no column of this "
                                                               "name."), S(""));
        }
    }
    if (r->p->n_faults > 0) {
        r->p->what = PEOPLE_NOTHING; /* what its lines mean is not known */
    }
}

static bool is_line(struct str text)
{
    for (size_t i = 0; i < text.n; i++) {
        if ((unsigned char)text.p[i] < 0x20 || text.p[i] == 0x7f) {
            return false;
        }
    }
    return true;
}

static enum err row_new(struct people_read *r, uint32_t line, struct people_row **ret_row)
{
    struct people_plan *p = r->p;
    if (p->n_rows == r->rows_cap) {
        return FAIL(r->rq, E_TOO_LARGE, "lines");
    }
    *ret_row = &p->rows[p->n_rows++];
    (*ret_row)->line = line;
    (*ret_row)->parent_row = DIR_NONE;
    return OK;
}

static void read_fields(struct reading *g, struct people_row *row, const struct str *fields, size_t n)
{
    struct people_read *r = g->r;
    const struct column *columns = kinds[r->p->what].v;

    for (uint32_t i = 0; i < n; i++) {
        uint32_t c = i < g->n_fields ? g->column_of[i] : DIR_NONE;
        struct str text = str_trim(fields[i]);
        if (c == DIR_NONE) {
            if (text.n > 0 && i >= g->n_fields) {
                people_wrong(r, row, DIR_NONE, T("This line has more fields than there are "
                                                 "columns."), S(""));
                return;
            }
            continue;
        }
        if (text.n > columns[c].bytes) {
            people_wrong(r, row, c, T("This is too long."), S(""));
        } else if (!is_line(text)) {
            people_wrong(r, row, c, T("This is not a line of text."), S(""));
        } else {
            row->v[c] = arena_str(r->rq->a, text);
        }
    }
    row->key = str_or_empty(row->v[0]);
    if (row->key.n == 0 && row->act != PEOPLE_WRONG) {
        people_wrong(r, row, 0, T("This field is needed."), S(""));
    }
}

static enum err on_record(void *ctx, uint64_t line, const struct str *fields, size_t n)
{
    struct reading *g = ctx;
    struct people_row *row = NULL;
    bool empty = true;

    (void)line;
    for (size_t i = 0; i < n; i++) {
        empty = empty && str_trim(fields[i]).n == 0;
    }
    if (empty) { /* a spreadsheet leaves ;;;; behind */
        return OK;
    }
    if (!g->has_head) {
        read_head(g, fields, MIN(n, (size_t)FIELDS_MAX));
        return OK;
    }
    TRY(row_new(g->r, g->line, &row));
    read_fields(g, row, fields, n);
    return OK;
}

static enum err reader_new(struct reading *g)
{
    const struct csv_options o = {g->r->p->separator, FIELDS_MAX, LINE_MAX_BYTES};
    req_init(&g->lines, LINE_MEMORY, g->r->rq->now);
    return csv_new(&g->lines, &o, on_record, g, &g->csv);
}

/* Reads one line; a broken one is a row that is wrong. */
static enum err read_line(struct reading *g, struct str text)
{
    struct people_row *row = NULL;
    enum err e = csv_feed(g->csv, text);

    e = e == OK ? csv_finish(g->csv) : e;
    if (e == OK || g->r->rq->err.code != OK) {
        return e; /* the request's own failure: too many lines */
    }
    req_done(&g->lines);
    TRY(reader_new(g));
    if (!g->has_head) {
        add_fault(g->r, g->line, S(""), T("The line of the columns cannot be read."), S(""));
        g->has_head = true;
        return OK;
    }
    TRY(row_new(g->r, g->line, &row));
    people_wrong(g->r, row, DIR_NONE,
                 T("This line cannot be read: a quote without its pair, a line break inside a field, "
                   "or too long."),
                 S(""));
    return OK;
}

static enum err read_lines(struct reading *g, struct str file)
{
    while (file.n > 0) {
        struct str text = {0};
        (void)str_cut(&file, '\n', &text);
        g->line++;
        if (text.n > 0 && text.p[text.n - 1] == '\r') {
            text.n--;
        }
        TRY(read_line(g, text));
        if (g->has_head && g->r->p->what == PEOPLE_NOTHING) {
            return OK;
        }
    }
    return OK;
}

/* UTF-8 without NUL: told once, not for each line. */
static bool is_text(struct people_read *r, struct str file)
{
    if (utf8_is_valid(file) && str_find_char(file, '\0') == file.n) {
        return true;
    }
    uint32_t line = 1;
    struct str part = {0};
    while (file.n > 0 && str_cut(&file, '\n', &part) && utf8_is_valid(part)
           && str_find_char(part, '\0') == part.n) {
        line++;
    }
    add_fault(r, line, S(""), T("The file is not UTF-8. In the spreadsheet choose “CSV UTF-8” when "
                                "saving."), S(""));
    return false;
}

enum err people_file_read(struct req *rq, struct str file, struct people_read *r)
{
    struct reading g = {.r = r};
    uint32_t lines = 2;

    if (file.n > PEOPLE_FILE_MAX) {
        return FAIL(rq, E_TOO_LARGE, "file above %d bytes", PEOPLE_FILE_MAX);
    }
    if (!is_text(r, file)) {
        return OK;
    }
    if (str_starts(file, S("\xef\xbb\xbf"))) {
        file = str_sub(file, 3, file.n);
    }
    for (size_t i = 0; i < file.n; i++) {
        lines += file.p[i] == '\n';
    }
    if (lines > PEOPLE_LINES_MAX + 2) {
        add_fault(r, PEOPLE_LINES_MAX, S(""), T("The file has more than {what} lines: import it in "
                                                "parts."),
                  S("30000"));
        return OK;
    }
    r->rows_cap = lines;
    r->p->rows = ARENA_ARRAY(rq->a, r->rows_cap, struct people_row);
    TRY_MEM(rq, r->p->rows);
    r->p->separator = separator_of(str_sub(file, 0, str_find_char(file, '\n')));
    enum err e = reader_new(&g);
    e = e == OK ? read_lines(&g, file) : e;
    req_done(&g.lines);
    TRY(e);
    if (!g.has_head) {
        add_fault(r, 1, S(""), T("The file is empty."), S(""));
    }
    return arena_whole(rq->a) ? OK : FAIL(rq, E_TOO_LARGE, "memory cap");
}
