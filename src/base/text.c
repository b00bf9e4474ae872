/* base/text.c - the texts people read, in their language. See text.h. */
#include "base/text.h"

#include <string.h>

/* The generated tables: text_slots[] is an open-addressing hash table over str_hash(msgid) holding
 * 1 + row or 0; text_rows[] has the offset of the msgid and of each language's forms in text_bytes
 * (0: none). */
enum { FORMS = 3 };
struct text_row {
    uint32_t msgid;
    uint32_t form[LANG_COUNT][FORMS];
};
#include "base/text_table.inc"

static const struct {
    struct str code;
    struct str name;
} langs[LANG_COUNT] = {
    [LANG_EN] = {SI("en"), SI("English")},
    [LANG_RU] = {SI("ru"), SI("Русский")},
    [LANG_KK] = {SI("kk"), SI("Қазақша")},
    [LANG_UZ] = {SI("uz"), SI("Oʻzbekcha")},
};

struct str lang_code(enum lang lang)
{
    return langs[lang].code;
}

struct str lang_name(enum lang lang)
{
    return langs[lang].name;
}

bool lang_parse(struct str code, enum lang *ret_lang)
{
    for (unsigned i = 0; i < LANG_COUNT; i++) {
        struct str own = langs[i].code;
        if (str_eq_nocase(str_sub(code, 0, own.n), own) &&
            (code.n == own.n || code.p[own.n] == '-' || code.p[own.n] == '_')) {
            *ret_lang = (enum lang)i;
            return true;
        }
    }
    return false;
}

static const struct text_row *row_find(const char *msgid)
{
    uint32_t mask = (uint32_t)LEN(text_slots) - 1;
    for (uint32_t at = str_hash(str_z(msgid)) & mask; text_slots[at] != 0; at = (at + 1) & mask) {
        const struct text_row *row = &text_rows[text_slots[at] - 1];
        if (strcmp(text_bytes + row->msgid, msgid) == 0) {
            return row;
        }
    }
    return NULL;
}

struct str tr(enum lang lang, const char *msgid)
{
    const struct text_row *row = lang == LANG_EN ? NULL : row_find(msgid);
    return row != NULL && row->form[lang][0] != 0 ? str_z(text_bytes + row->form[lang][0])
                                                  : str_z(msgid);
}

/* Which plural form a number takes; the Plural-Forms field of po/LANG.po says the same, and
 * tools/po.mjs checks that it does. */
static unsigned plural_form(enum lang lang, uint64_t n)
{
    switch (lang) {
    case LANG_RU:
        if (n % 10 == 1 && n % 100 != 11) {
            return 0;
        }
        return n % 10 >= 2 && n % 10 <= 4 && (n % 100 < 12 || n % 100 > 14) ? 1 : 2;
    case LANG_KK:
    case LANG_UZ: return 0;
    case LANG_EN:
    case LANG_COUNT: break;
    }
    return n != 1;
}

struct str trn(enum lang lang, const char *one, const char *other, uint64_t n)
{
    const struct text_row *row = lang == LANG_EN ? NULL : row_find(one);
    uint32_t at = row != NULL ? row->form[lang][plural_form(lang, n)] : 0;
    if (at != 0) {
        return str_z(text_bytes + at);
    }
    return str_z(plural_form(LANG_EN, n) == 0 ? one : other);
}

static bool is_name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
}

bool text_cut(struct str *rest, struct str *ret_before, struct str *ret_name)
{
    struct str s = *rest;
    if (s.n == 0) {
        return false;
    }
    for (size_t i = 0; i < s.n; i++) {
        size_t end = i + 1;
        while (s.p[i] == '{' && end < s.n && is_name_char(s.p[end])) {
            end++;
        }
        if (s.p[i] == '{' && end < s.n && s.p[end] == '}' && end > i + 1) {
            *ret_before = str_sub(s, 0, i);
            *ret_name = str_sub(s, i + 1, end - i - 1);
            *rest = str_sub(s, end + 1, s.n);
            return true;
        }
    }
    *ret_before = s;
    *ret_name = (struct str){NULL, 0};
    *rest = (struct str){NULL, 0};
    return true;
}

void text_fill(struct buf *b, struct str pattern, const struct text_arg *args, size_t n_args)
{
    struct str rest = pattern;
    struct str before;
    struct str name;
    while (text_cut(&rest, &before, &name)) {
        buf_str(b, before);
        if (name.p == NULL) {
            continue;
        }
        size_t i = 0;
        while (i < n_args && !str_eq(args[i].name, name)) {
            i++;
        }
        if (i < n_args) {
            buf_str(b, args[i].value);
        } else {
            buf_char(b, '{');
            buf_str(b, name);
            buf_char(b, '}');
        }
    }
}
