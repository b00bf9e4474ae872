/* fhir/path_func_code.c - functions that encode and escape texts. See path_int.h; FHIRPath N1 section
 * 5.6 and the ballot after it. */
#include "codec/b64.h"
#include "codec/utf8.h"
#include "fhir/path_int.h"

static const struct {
    struct str text;
    char c;
} html_names[] = {
    {SI("&amp;"), '&'}, {SI("&lt;"), '<'},  {SI("&gt;"), '>'},
    {SI("&quot;"), '"'}, {SI("&#39;"), '\''}, {SI("&apos;"), '\''},
};

static void html_escape(struct buf *b, struct str s)
{
    for (size_t i = 0; i < s.n; i++) {
        size_t k = 0;
        while (k < LEN(html_names) && html_names[k].c != s.p[i]) {
            k++;
        }
        if (k < LEN(html_names)) {
            buf_str(b, html_names[k].text);
        } else {
            buf_char(b, s.p[i]);
        }
    }
}

static void html_unescape(struct buf *b, struct str s)
{
    while (s.n > 0) {
        size_t k = 0;
        while (k < LEN(html_names) && !str_starts(s, html_names[k].text)) {
            k++;
        }
        size_t used = k < LEN(html_names) ? html_names[k].text.n : 1;
        buf_char(b, k < LEN(html_names) ? html_names[k].c : s.p[0]);
        s = str_sub(s, used, s.n);
    }
}

/* The text as a JSON string would hold it; what is no JSON stays as it is. */
static struct str json_unescape_text(struct req *rq, struct str s)
{
    struct buf b;
    struct json_doc doc;
    buf_init(&b, rq->a, PATH_TEXT_MAX);
    buf_char(&b, '"');
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] == '"' && (i == 0 || s.p[i - 1] != '\\')) {
            buf_char(&b, '\\'); /* a quote that is no escape stands for itself */
        }
        buf_char(&b, s.p[i]);
    }
    buf_char(&b, '"');
    struct err_rec before = rq->err;
    if (!buf_ok(&b) || json_parse(rq, buf_get(&b), NULL, &doc) != OK) {
        rq->err = before;
        return s;
    }
    return json_str(rq->a, json_root(&doc));
}

static enum err do_encode(struct path_vm *vm, const struct path_frame *f,
                          const struct path_node *node, uint32_t base)
{
    struct str s;
    struct str how;
    struct buf b;
    bool has;
    TRY(path_input_and_str(vm, f, node, base, &s, &how, &has));
    if (!has) {
        return OK;
    }
    buf_init(&b, vm->rq->a, PATH_TEXT_MAX);
    if (str_eq(how, S("hex"))) {
        buf_hex(&b, (const uint8_t *)s.p, s.n);
    } else if (str_eq(how, S("base64")) || str_eq(how, S("urlbase64"))) {
        b64_write(&b, s.p, s.n, B64_STD);
        for (size_t i = 0; str_eq(how, S("urlbase64")) && buf_ok(&b) && i < b.n; i++) {
            b.p[i] = (char)(b.p[i] == '+' ? '-' : b.p[i] == '/' ? '_' : b.p[i]);
        }
    } else {
        return PATH_FAIL(vm, node, "encodings are hex, base64 and urlbase64");
    }
    return path_give_buf(vm, base, &b);
}

static enum err do_decode(struct path_vm *vm, const struct path_frame *f,
                          const struct path_node *node, uint32_t base)
{
    struct str s;
    struct str how;
    bool has;
    bool done;
    TRY(path_input_and_str(vm, f, node, base, &s, &how, &has));
    if (!has) {
        return OK;
    }
    uint8_t *out = arena_alloc_raw(vm->rq->a, s.n + 4);
    TRY_MEM(vm->rq, out);
    size_t n = s.n / 2;
    if (str_eq(how, S("hex"))) {
        done = s.n % 2 == 0 && str_unhex(s, out, n);
    } else if (str_eq(how, S("base64")) || str_eq(how, S("urlbase64"))) {
        bool url = str_eq(how, S("urlbase64"));
        while (url && s.n > 0 && s.p[s.n - 1] == '=') {
            s.n--;
        }
        done = b64_read(s, url ? B64_URL : B64_STD, out, &n);
    } else {
        return PATH_FAIL(vm, node, "encodings are hex, base64 and urlbase64");
    }
    struct str text = {(const char *)out, n};
    if (!done || !utf8_is_valid(text)) {
        return PATH_FAIL(vm, node, "the text is not of that encoding");
    }
    return path_give_str(vm, base, text);
}

enum { TO_PLAIN = 1 }; /* form of do_escape: back */

static enum err do_escape(struct path_vm *vm, const struct path_frame *f,
                          const struct path_node *node, uint32_t base)
{
    bool back = path_func_form(node) == TO_PLAIN;
    struct str s;
    struct str how;
    struct buf b;
    bool has;
    TRY(path_input_and_str(vm, f, node, base, &s, &how, &has));
    if (!has) {
        return OK;
    }
    buf_init(&b, vm->rq->a, PATH_TEXT_MAX);
    if (str_eq(how, S("html"))) {
        if (back) {
            html_unescape(&b, s);
        } else {
            html_escape(&b, s);
        }
        return path_give_buf(vm, base, &b);
    }
    if (!str_eq(how, S("json"))) {
        return PATH_FAIL(vm, node, "texts are escaped for html or json");
    }
    if (back) {
        s = json_unescape_text(vm->rq, s);
        return path_give_str(vm, base, s.n == 0 ? S("") : s);
    }
    json_quote(&b, s);
    return path_give_str(vm, base, str_sub(buf_get(&b), 1, b.n - 2));
}

const struct path_func path_funcs_code[] = {
    {SI("encode"), 1, 1, 0, RES_STRING, do_encode},
    {SI("decode"), 1, 1, 0, RES_STRING, do_decode},
    {SI("escape"), 1, 1, 0, RES_STRING, do_escape},
    {SI("unescape"), 1, 1, FUNC_FORM(TO_PLAIN), RES_STRING, do_escape},
};
const size_t n_path_funcs_code = LEN(path_funcs_code);
