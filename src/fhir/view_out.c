/* fhir/view_out.c - rows of a view as CSV, JSON lines, or one JSON array. See view.h. */
#include "codec/csv.h"
#include "fhir/view_int.h"

enum { CELL_MAX = 16 << 20 };

static const struct {
    struct str name;
    struct str media;
} formats[] = {
    [VIEW_CSV] = {SI("csv"), SI("text/csv")},
    [VIEW_NDJSON] = {SI("ndjson"), SI("application/x-ndjson")},
    [VIEW_JSON] = {SI("json"), SI("application/json")},
};

bool view_format_parse(struct str text, enum view_format *ret_format)
{
    struct str media = str_sub(text, 0, str_find_char(text, ';'));
    for (size_t i = 0; i < LEN(formats); i++) {
        if (str_eq_nocase(text, formats[i].name) || str_eq_nocase(media, formats[i].media)) {
            *ret_format = (enum view_format)i;
            return true;
        }
    }
    if (str_eq_nocase(media, S("application/ndjson"))) {
        *ret_format = VIEW_NDJSON;
        return true;
    }
    return false;
}

struct str view_format_media(enum view_format format)
{
    return formats[format].media;
}

/* A column of texts gives texts, whatever primitive was found. */
static void value_json(struct json_out *o, struct arena *a, const struct view *v,
                       const struct view_column *col, const struct path_item *item)
{
    enum json_kind kind = item->kind == PATH_NODE ? json_kind(item->node) : JSON_NONE;
    bool node = kind != JSON_NONE && (col->shape != VIEW_TEXT || kind == JSON_STRING);
    if (node) {
        json_v_jv(o, item->node);
        return;
    }
    if (col->shape != VIEW_TEXT && item->kind == PATH_BOOLEAN) {
        json_v_bool(o, item->b);
        return;
    }
    struct buf text;
    buf_init(&text, a, CELL_MAX);
    path_item_text(&text, a, v->d, item);
    if (!buf_ok(&text)) {
        o->b->failed = true;
    }
    bool number = item->kind == PATH_INTEGER || item->kind == PATH_DECIMAL;
    if (number && col->shape != VIEW_TEXT) {
        json_v_raw(o, buf_get(&text));
    } else {
        json_v_str(o, text.n == 0 ? S("") : buf_get(&text));
    }
}

static void cell_json(struct json_out *o, struct arena *a, const struct view *v,
                      const struct view_column *col, view_cell cell)
{
    if (!col->collection) {
        if (cell.n == 0) {
            json_v_null(o);
        } else {
            value_json(o, a, v, col, &cell.v[0]);
        }
        return;
    }
    json_arr(o);
    for (size_t i = 0; i < cell.n; i++) {
        value_json(o, a, v, col, &cell.v[i]);
    }
    json_arr_end(o);
}

static void row_csv(struct view_out *o, struct arena *a, const view_cell *cells)
{
    for (uint32_t i = 0; i < o->view->n_columns; i++) {
        const struct view_column *col = &o->view->columns[i];
        struct buf text;
        buf_init(&text, a, CELL_MAX);
        if (col->collection) {
            struct json_out j;
            json_out_init(&j, &text);
            cell_json(&j, a, o->view, col, cells[i]);
        } else if (cells[i].n > 0) {
            path_item_text(&text, a, o->view->d, &cells[i].v[0]);
        }
        o->b->failed = o->b->failed || !buf_ok(&text);
        csv_field(o->b, ',', i == 0, text.n == 0 ? S("") : buf_get(&text));
    }
    BUF_LIT(o->b, "\r\n");
}

static void row_json(struct view_out *o, struct arena *a, const view_cell *cells)
{
    struct json_out j;
    json_out_init(&j, o->b);
    json_obj(&j);
    for (uint32_t i = 0; i < o->view->n_columns; i++) {
        json_k(&j, o->view->columns[i].name);
        cell_json(&j, a, o->view, &o->view->columns[i], cells[i]);
    }
    json_obj_end(&j);
}

void view_out_begin(struct view_out *o)
{
    if (o->format == VIEW_JSON) {
        BUF_LIT(o->b, "[");
    }
    for (uint32_t i = 0; o->format == VIEW_CSV && i < o->view->n_columns; i++) {
        csv_field(o->b, ',', i == 0, o->view->columns[i].name);
    }
    if (o->format == VIEW_CSV) {
        BUF_LIT(o->b, "\r\n");
    }
}

enum err view_out_row(struct arena *a, const view_cell *cells, size_t n, void *ctx)
{
    struct view_out *o = ctx;
    (void)n;
    if (o->format == VIEW_CSV) {
        row_csv(o, a, cells);
    } else {
        if (o->format == VIEW_JSON) {
            buf_str(o->b, o->n == 0 ? S("\n") : S(",\n"));
        }
        row_json(o, a, cells);
        if (o->format == VIEW_NDJSON) {
            buf_char(o->b, '\n');
        }
    }
    o->n++;
    return buf_ok(o->b) ? OK : E_TOO_LARGE;
}

void view_out_end(struct view_out *o)
{
    if (o->format == VIEW_JSON) {
        buf_str(o->b, o->n == 0 ? S("]\n") : S("\n]\n"));
    }
}
