/* fhir/path.c - compiling FHIRPath, the table of its functions, results as JSON. See path.h. */
#include "fhir/path_int.h"

const struct path_func *path_func_find(struct str name)
{
    const struct {
        const struct path_func *v;
        size_t n;
    } tables[] = {
        {path_funcs_list, n_path_funcs_list},       {path_funcs_fhir, n_path_funcs_fhir},
        {path_funcs_string, n_path_funcs_string},   {path_funcs_convert, n_path_funcs_convert},
        {path_funcs_math, n_path_funcs_math},       {path_funcs_time, n_path_funcs_time},
        {path_funcs_code, n_path_funcs_code},       {path_funcs_sum, n_path_funcs_sum},
        {path_funcs_def, n_path_funcs_def},
    };
    for (size_t i = 0; i < LEN(tables); i++) {
        for (size_t k = 0; k < tables[i].n; k++) {
            if (str_eq(tables[i].v[k].name, name)) {
                return &tables[i].v[k];
            }
        }
    }
    return NULL;
}

enum err path_compile(struct req *rq, const struct defs *d, struct str expr, uint16_t root_type,
                      unsigned flags, struct path_prog **ret_prog)
{
    if (expr.n > PATH_EXPR_MAX) {
        return FAIL(rq, E_TOO_LARGE, "FHIRPath: the expression is too long");
    }
    struct path_prog *prog = ARENA_NEW(rq->a, struct path_prog);
    TRY_MEM(rq, prog);
    *prog = (struct path_prog){.d = d, .expr = expr, .root_type = root_type, .flags = flags};
    if (d != NULL) {
        prog->types = def_type_row(d, 1) - 1; /* row 0 stands for none */
        prog->quantity_type = def_find(d, S("Quantity"));
        prog->extension_type = def_find(d, S("Extension"));
    }
    TRY(path_parse(rq, prog));
    if (d != NULL) {
        TRY(path_check(rq, prog));
    }
    *ret_prog = prog;
    return OK;
}

/* ---- results ---- */

static void write_type_info(struct json_out *o, const struct path_item *item)
{
    json_obj(o);
    json_ks(o, S("namespace"), item->flags & PATH_OF_SYSTEM ? S("System") : S("FHIR"));
    json_ks(o, S("name"), item->s);
    json_obj_end(o);
}

static void write_value(struct json_out *o, struct arena *a, const struct defs *d,
                        const struct path_item *item)
{
    struct buf b;
    buf_init(&b, a, PATH_TEXT_MAX);
    switch ((enum path_kind)item->kind) {
    case PATH_NODE: json_v_jv(o, item->node); return;
    case PATH_BOOLEAN: json_v_bool(o, item->b); return;
    case PATH_INTEGER: json_v_i64(o, item->i); return;
    case PATH_TYPE: write_type_info(o, item); return;
    case PATH_DECIMAL:
        path_item_text(&b, a, d, item);
        json_v_raw(o, buf_get(&b));
        return;
    case PATH_STRING:
    case PATH_DATE:
    case PATH_DATE_TIME:
    case PATH_TIME:
    case PATH_QUANTITY: break;
    }
    path_item_text(&b, a, d, item);
    json_v_str(o, buf_get(&b));
}

void path_list_write(struct json_out *o, struct arena *a, const struct defs *d,
                     struct path_list list)
{
    json_arr(o);
    for (size_t i = 0; i < list.n; i++) {
        const struct path_item *item = &list.v[i];
        json_obj(o);
        json_ks(o, S("type"), path_item_type(d, item));
        if (!(item->flags & PATH_NO_VALUE) || item->kind != PATH_NODE) {
            json_k(o, S("value"));
            write_value(o, a, d, item);
        }
        json_obj_end(o);
    }
    json_arr_end(o);
}
