/* fhir/words.c - the words of a resource. See words.h. */
#include "fhir/words.h"

#include <stdlib.h>

#include "codec/utf8.h"

enum { WORD_MIN = 2, WORD_MAX = 48, WORDS_MAX = 2048 };

/* Letters and digits; marks, punctuation and signs part words. */
static bool is_word(uint32_t c)
{
    if (c < 0x80) {
        return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    }
    return c >= 0xc0 && c != 0xd7 && c != 0xf7 && !(c >= 0x2000 && c <= 0x2bff) &&
           !(c >= 0x3000 && c <= 0x303f) && !(c >= 0xe000 && c <= 0xf8ff) && c != 0xfffd;
}

struct words {
    struct req *rq;
    struct buf text; /* folded, one blank between pieces */
};

static void text_add(struct words *w, struct str text)
{
    if (text.n > 0 && w->text.n + text.n < 4 * FHIR_WORDS_BYTES) {
        utf8_fold(&w->text, text);
        buf_char(&w->text, ' ');
    }
}

static int cmp(const void *a, const void *b)
{
    return str_cmp(*(const struct str *)a, *(const struct str *)b);
}

/* The distinct words of a folded text. */
static enum err distinct(struct req *rq, struct str text, struct str *ret_words)
{
    size_t most = MIN((size_t)WORDS_MAX, text.n / 2 + 1); /* a word and what parts it from the next */
    struct str *v = ARENA_ARRAY(rq->a, most, struct str);
    struct buf b;
    const char *p = text.p;
    const char *end = text.p + text.n;
    size_t n = 0;
    TRY_MEM(rq, v);
    while (p < end && n < most) {
        const char *from = p;
        const char *to = p;
        uint32_t c;
        while (to < end && (p = utf8_next(to, end, &c), is_word(c))) {
            to = p;
        }
        struct str word = {from, (size_t)(to - from)};
        if (word.n >= WORD_MIN) {
            v[n++] = utf8_cut(word, WORD_MAX);
        }
        p = to < end ? p : end;
    }
    if (n > 1) {
        qsort(v, n, sizeof(*v), cmp);
    }
    buf_init(&b, rq->a, FHIR_WORDS_BYTES + 64);
    for (size_t i = 0; i < n && b.n < FHIR_WORDS_BYTES; i++) {
        if (i == 0 || !str_eq(v[i], v[i - 1])) {
            buf_str(&b, b.n > 0 ? S(" ") : S(""));
            buf_str(&b, v[i]);
        }
    }
    *ret_words = buf_get(&b);
    return buf_ok(&b) ? OK : FAIL(rq, E_TOO_LARGE, "memory cap");
}

/* Members that hold no words of a record. */
static bool is_silent(struct jv v)
{
    static const struct str names[] = {
        SI("resourceType"), SI("id"), SI("meta"), SI("reference"), SI("system"), SI("url"),
        SI("uri"), SI("contentType"), SI("data"), SI("hash"), SI("fullUrl"), SI("lastUpdated"),
        SI("versionId"), SI("code"), SI("type"), SI("use"), SI("linkId"), SI("implicitRules"),
        SI("language"), SI("instantiatesCanonical"), SI("instantiatesUri"), SI("questionnaire"),
        SI("start"), SI("end"), SI("status"), SI("intent"), SI("priority"), SI("gender"),
    };
    if (json_kind(v) != JSON_STRING) {
        return json_key_is(v, S("meta"));
    }
    for (size_t i = 0; i < LEN(names); i++) {
        if (json_key_is(v, names[i])) {
            return true;
        }
    }
    return false;
}

static bool is_date(struct str s)
{
    size_t digits = 0;
    while (digits < s.n && digits < 4 && s.p[digits] >= '0' && s.p[digits] <= '9') {
        digits++;
    }
    return digits == 4 && (s.n == 4 || s.p[4] == '-') && s.n != 4;
}

/* Text between the tags of a narrative; entities part words. */
static void narrative_add(struct words *w, struct str div)
{
    size_t at = 0;
    while (at < div.n) {
        struct str rest = str_sub(div, at, div.n);
        size_t tag = str_find_char(rest, '<');
        text_add(w, str_sub(rest, 0, tag));
        struct str inside = str_sub(rest, tag, rest.n);
        at += tag + MIN(str_find_char(inside, '>') + 1, inside.n);
        if (inside.n == 0) {
            break;
        }
    }
}

/* A resource's depth is bounded by the parser; the walk goes over the tape, not down it. */
static void content_add(struct words *w, struct jv root)
{
    const struct json_doc *doc = root.doc;
    for (uint32_t i = root.at; i < json_node(root)->end; i++) {
        const struct json_node *n = &doc->nodes[i];
        struct jv v = {doc, i};
        if (n->kind == JSON_KEY) {
            struct jv value = {doc, i + 1};
            if (is_silent(value) || json_key_is(value, S("div"))) {
                i = doc->nodes[i].end - 1;
            }
            continue;
        }
        if (n->kind == JSON_STRING) {
            struct str text = json_str(w->rq->a, v);
            bool address = str_starts(text, S("urn:")) || str_find(text, S("://")) < text.n;
            if (!address && !is_date(text)) {
                text_add(w, text);
            }
        }
    }
}

enum err words_of_resource(struct req *rq, struct jv root, struct str *ret_narrative,
                           struct str *ret_content)
{
    struct words w = {.rq = rq};
    struct str div = json_str(rq->a, json_get(json_get(root, S("text")), S("div")));
    buf_init(&w.text, rq->a, 8 * FHIR_WORDS_BYTES);
    narrative_add(&w, div);
    TRY(distinct(rq, buf_get(&w.text), ret_narrative));
    buf_init(&w.text, rq->a, 8 * FHIR_WORDS_BYTES);
    content_add(&w, root);
    return distinct(rq, buf_get(&w.text), ret_content);
}

struct str words_of_question(struct req *rq, struct str text)
{
    struct buf b;
    struct str rest = text;
    struct str one;
    buf_init(&b, rq->a, 4096);
    while (str_cut(&rest, ' ', &one)) {
        struct buf folded;
        struct str words;
        buf_init(&folded, rq->a, 4096);
        utf8_fold(&folded, one);
        if (distinct(rq, buf_get(&folded), &words) != OK) {
            err_clear(rq);
            return (struct str){NULL, 0};
        }
        if (words.n == 0) {
            continue;
        }
        buf_str(&b, b.n > 0 ? S(" ") : S(""));
        buf_str(&b, words);
        if (str_ends(one, S("*"))) {
            buf_char(&b, '*');
        }
    }
    return buf_get(&b);
}

bool words_meet(struct str question, struct str words)
{
    struct str asked = question;
    struct str want;
    while (str_cut(&asked, ' ', &want)) {
        struct str rest = words;
        struct str one;
        bool begins = str_ends(want, S("*"));
        bool found = false;
        want.n -= begins ? 1 : 0;
        while (!found && str_cut(&rest, ' ', &one)) {
            found = begins ? str_starts(one, want) : str_eq(one, want);
        }
        if (!found) {
            return false;
        }
    }
    return true;
}
