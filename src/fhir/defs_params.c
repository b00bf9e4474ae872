/* fhir/defs_params.c - rows of search parameters and compartments. See defs_compile.h. */
#include <string.h>

#include "fhir/defs_compile_int.h"

static const struct {
    const char *name;
    enum def_param_kind kind;
} kinds[] = {
    {"number", DEF_SP_NUMBER},       {"date", DEF_SP_DATE},
    {"string", DEF_SP_STRING},       {"token", DEF_SP_TOKEN},
    {"reference", DEF_SP_REFERENCE}, {"composite", DEF_SP_COMPOSITE},
    {"quantity", DEF_SP_QUANTITY},   {"uri", DEF_SP_URI},
    {"special", DEF_SP_SPECIAL},
};

enum err dc_params_read(struct dc *dc)
{
    struct jv entries = json_get(json_root(&dc->docs[DEF_FILE_PARAMS]), S("entry"));
    dc->params = ARENA_ARRAY(dc->rq->a, json_len(entries), struct dc_param);
    TRY_MEM(dc->rq, dc->params);
    for (struct jv e = json_first(entries); json_has(e); e = json_next(e)) {
        struct jv v = json_get(e, S("resource"));
        if (json_is(json_get(v, S("resourceType")), S("SearchParameter"))) {
            dc->params[dc->n_params++] = (struct dc_param){.id = dc_str(dc, v, S("id")), .v = v};
        }
    }
    return OK;
}

static struct str line_word(struct str *rest)
{
    struct str word = {NULL, 0};
    (void)str_cut(rest, ' ', &word);
    return word;
}

/* The number params.txt gives to a parameter of a type. */
static enum err number_of(struct dc *dc, struct str type, struct str name, uint16_t *ret_sp)
{
    struct str rest = dc->numbers;
    struct str line;
    while (str_cut(&rest, '\n', &line)) {
        struct str number = line_word(&line);
        uint64_t sp;
        if (str_eq(line_word(&line), type) && str_eq(line, name) && str_u64(number, &sp) &&
            sp <= UINT16_MAX) {
            *ret_sp = (uint16_t)sp;
            return OK;
        }
    }
    return FAIL(dc->rq, E_BAD_INPUT, "params.txt: no number for %.*s %.*s", STR_ARG(type),
                STR_ARG(name));
}

/* Whether a part of an expression speaks of a type: its first name is the type's, or none's. */
static bool part_is_for(struct dc *dc, struct str part, struct str type)
{
    while (part.n > 0 && part.p[0] == '(') {
        part = str_trim(str_sub(part, 1, part.n));
    }
    size_t n = 0;
    while (n < part.n && ((part.p[n] | 0x20) >= 'a' && (part.p[n] | 0x20) <= 'z')) {
        n++;
    }
    struct str first = str_sub(part, 0, n);
    return dc_type_find(dc, first) == NULL || str_eq(first, type);
}

/* The parts of a union that speak of a type, joined again. */
static enum err expr_for(struct dc *dc, struct str expr, struct str type, struct str *ret_expr)
{
    struct buf b;
    size_t from = 0;
    int depth = 0;
    buf_init(&b, dc->rq->a, expr.n + 16);
    for (size_t i = 0; i <= expr.n; i++) {
        char c = i < expr.n ? expr.p[i] : '|';
        depth += c == '(' ? 1 : 0;
        depth -= c == ')' ? 1 : 0;
        if (c != '|' || (depth > 0 && i < expr.n)) {
            continue;
        }
        struct str part = str_trim(str_sub(expr, from, i - from));
        from = i + 1;
        if (part.n > 0 && part_is_for(dc, part, type)) {
            buf_str(&b, b.n > 0 ? S(" | ") : S(""));
            buf_str(&b, part);
        }
    }
    if (b.n == 0 && expr.n > 0) {
        return DC_FAIL(dc, "a search parameter without expression for its type", type);
    }
    *ret_expr = buf_get(&b);
    return OK;
}

static enum err targets_write(struct dc *dc, const struct dc_param *p, struct def_param *row)
{
    uint16_t v[T_COUNT];
    size_t n = 0;
    struct jv list = json_has(p->targets) ? p->targets : json_get(p->v, S("target"));
    for (struct jv t = json_first(list); json_has(t); t = json_next(t)) {
        struct str name = json_str(dc->rq->a, t);
        enum fhir_type type = fhir_type_find(name);
        if (type == T_NONE || n == LEN(v)) {
            return DC_FAIL(dc, "a target that is no resource type", name);
        }
        v[n++] = (uint16_t)type;
    }
    /* "any" is spelled out in the package as every type */
    row->n_target = n >= 140 ? 0 : (uint16_t)n;
    return dc_list_write(dc, v, row->n_target, &row->first_target);
}

static enum err param_write(struct dc *dc, const struct dc_param *p, struct str base)
{
    struct def_param *row = dc_add(dc, PART_PARAM, 1);
    struct str kind = dc_str(dc, p->v, S("type"));
    struct str expr;
    if (row == NULL) {
        return FAIL(dc->rq, E_TOO_LARGE, "definitions: too many search parameters");
    }
    struct str name = dc_str(dc, p->v, S("code"));
    row->row = (uint16_t)(dc->rows[PART_PARAM].n - 1);
    row->fhir_type = (uint16_t)fhir_type_find(base);
    size_t k = 0;
    while (k < LEN(kinds) && !str_eq(kind, str_z(kinds[k].name))) {
        k++;
    }
    if (k == LEN(kinds)) {
        return DC_FAIL(dc, "a search parameter of a kind we do not know", p->id);
    }
    row->kind = (uint8_t)kinds[k].kind;
    TRY(number_of(dc, base, name, &row->sp));
    TRY(expr_for(dc, dc_str(dc, p->v, S("expression")), base, &expr));
    TRY(dc_text(dc, name, &row->name));
    TRY(dc_text(dc, dc_str(dc, p->v, S("url")), &row->url));
    TRY(dc_text(dc, expr, &row->expr));
    TRY(targets_write(dc, p, row));
    uint16_t *slots = dc->rows[PART_PARAM_HASH].p;
    uint32_t mask = dc->rows[PART_PARAM_HASH].n - 1;
    uint32_t i = def_name_hash(row->fhir_type, name) & mask;
    while (slots[i] != 0) {
        i = (i + 1) & mask;
    }
    slots[i] = (uint16_t)(row->row + 1);
    return OK;
}

/* The parameters of one base, in the order of the file. */
static enum err base_write(struct dc *dc, struct str base)
{
    for (uint32_t i = 0; i < dc->n_params; i++) {
        struct jv list = json_get(dc->params[i].v, S("base"));
        for (struct jv b = json_first(list); json_has(b) && !dc->params[i].gone; b = json_next(b)) {
            if (json_is(b, base)) {
                TRY(param_write(dc, &dc->params[i], base));
            }
        }
    }
    return OK;
}

/* The row of a type's parameter by its url, or by its name when by_name. */
static uint16_t row_of(struct dc *dc, uint16_t type, struct str text, bool by_name)
{
    const struct def_param *rows = dc->rows[PART_PARAM].p;
    for (uint32_t i = 0; i < dc->rows[PART_PARAM].n; i++) {
        if (rows[i].fhir_type == type &&
            str_eq(dc_pool(dc, by_name ? rows[i].name : rows[i].url), text)) {
            return (uint16_t)i;
        }
    }
    return DEF_ITSELF;
}

static enum err comps_write(struct dc *dc, struct jv list, struct def_param *row)
{
    row->first_comp = dc->rows[PART_COMP].n;
    for (struct jv c = json_first(list); json_has(c); c = json_next(c)) {
        struct def_comp *comp = dc_add(dc, PART_COMP, 1);
        if (comp == NULL) {
            return FAIL(dc->rq, E_TOO_LARGE, "definitions: too many composites");
        }
        TRY(dc_text(dc, dc_str(dc, c, S("expression")), &comp->expr));
        comp->param = row_of(dc, row->fhir_type, dc_str(dc, c, S("definition")), false);
        if (comp->param == DEF_ITSELF) {
            return DC_FAIL(dc, "a composite of a parameter that is not there",
                           dc_pool(dc, row->name));
        }
        row->n_comp++;
    }
    return OK;
}

static enum err composites_write(struct dc *dc)
{
    struct def_param *rows = dc->rows[PART_PARAM].p;
    for (uint32_t i = 0; i < dc->rows[PART_PARAM].n; i++) {
        struct str url = dc_pool(dc, rows[i].url);
        for (uint32_t k = 0; rows[i].kind == DEF_SP_COMPOSITE && k < dc->n_params; k++) {
            if (json_is(json_get(dc->params[k].v, S("url")), url)) {
                TRY(comps_write(dc, json_get(dc->params[k].v, S("component")), &rows[i]));
            }
        }
    }
    return OK;
}

static enum err member_add(struct dc *dc, enum fhir_type compartment, enum fhir_type type,
                           struct str name)
{
    struct def_member *m = dc_add(dc, PART_MEMBER, 1);
    if (m == NULL) {
        return FAIL(dc->rq, E_TOO_LARGE, "definitions: too large compartments");
    }
    *m = (struct def_member){.compartment = (uint16_t)compartment, .type = (uint16_t)type};
    m->param = row_of(dc, (uint16_t)type, name, true);
    if (m->param == DEF_ITSELF && !str_eq(name, S("{def}"))) {
        return DC_FAIL(dc, "a compartment by a parameter that is not there", name);
    }
    return OK;
}

static enum err compartment_write(struct dc *dc, struct jv cd)
{
    enum fhir_type compartment = fhir_type_find(dc_str(dc, cd, S("code")));
    for (unsigned t = 1; t < T_COUNT; t++) {
        struct jv list = json_get(cd, S("resource"));
        for (struct jv r = json_first(list); json_has(r); r = json_next(r)) {
            struct jv params = json_get(r, S("param"));
            if (!json_is(json_get(r, S("code")), fhir_type_name((enum fhir_type)t))) {
                continue;
            }
            for (struct jv p = json_first(params); json_has(p); p = json_next(p)) {
                TRY(member_add(dc, compartment, (enum fhir_type)t, json_str(dc->rq->a, p)));
            }
        }
    }
    return OK;
}

enum err dc_params_write(struct dc *dc)
{
    uint16_t *run = dc_add(dc, PART_PARAM_RUN, T_COUNT);
    if (run == NULL || dc_add(dc, PART_PARAM_HASH, dc->rows[PART_PARAM_HASH].cap) == NULL) {
        return FAIL(dc->rq, E_TOO_LARGE, "definitions: too many types");
    }
    TRY(base_write(dc, S("Resource")));
    TRY(base_write(dc, S("DomainResource")));
    for (unsigned t = 0; t < T_COUNT; t++) {
        run[2 * t] = t > 0 ? (uint16_t)dc->rows[PART_PARAM].n : 0;
        if (t > 0) {
            TRY(base_write(dc, fhir_type_name((enum fhir_type)t)));
        }
        run[2 * t + 1] = (uint16_t)(dc->rows[PART_PARAM].n - run[2 * t]);
    }
    TRY(composites_write(dc));
    struct jv entries = json_get(json_root(&dc->docs[DEF_FILE_RESOURCES]), S("entry"));
    for (struct jv e = json_first(entries); json_has(e); e = json_next(e)) {
        struct jv v = json_get(e, S("resource"));
        if (json_is(json_get(v, S("resourceType")), S("CompartmentDefinition"))) {
            TRY(compartment_write(dc, v));
        }
    }
    return OK;
}
