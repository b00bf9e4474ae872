/* base/text.h - the texts people read, in their language.
 *
 * A text is written once, in English, where it is used, and marked: T("...") for one form,
 * TN("{n} case", "{n} cases") for a counted one; templates mark with {% t %} and {% n %}. tools/po.mjs
 * collects the marks, checks po/LANG.po against them and writes the tables that text.c searches.
 * A text without translation is shown in English; `make check-po` fails on it.
 */
#pragma once

#include "base/buf.h"
#include "base/req.h"

/* Marks a text for translation and stays what it is: good for tables. */
#define T(text) text
/* Marks both English forms of a counted text: gives two arguments, for trn(). */
#define TN(one, other) one, other

/* "ru" for LANG_RU; BCP 47. */
struct str lang_code(enum lang lang);
/* The language's own name, for the switch: "Русский". */
struct str lang_name(enum lang lang);
/* False when code is none of ours; a region ("ru-KZ") is ignored. */
MUST_USE bool lang_parse(struct str code, enum lang *ret_lang);

/* The text in a language; the English msgid itself when there is no translation. Never empty for
 * a msgid that is not empty. borrows static data or msgid. */
struct str tr(enum lang lang, const char *msgid);
/* The form for the number n. one and other are the English forms; one is the key. */
struct str trn(enum lang lang, const char *one, const char *other, uint64_t n);

/* A {name} in a text and what stands there. */
struct text_arg {
    struct str name;
    struct str value;
};
/* Writes pattern with every {name} replaced; an unknown {name} stays as it is. */
void text_fill(struct buf *b, struct str pattern, const struct text_arg *args, size_t n_args);
/* Cuts *rest at the next {name}: gives the text before it, and the name (p NULL at the end).
 * False when nothing is left. */
bool text_cut(struct str *rest, struct str *ret_before, struct str *ret_name);
