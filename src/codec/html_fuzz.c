/* codec/html_fuzz.c - no mark-up survives escaping, and undoing it gives the text back. */
#include <string.h>

#include "base/err.h"
#include "codec/html.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct {
        struct str ref;
        struct str c;
    } refs[] = {
        {SI("&amp;"), SI("&")},  {SI("&lt;"), SI("<")},   {SI("&gt;"), SI(">")},
        {SI("&quot;"), SI("\"")}, {SI("&#39;"), SI("'")},
    };
    struct arena *a = arena_new(64u << 20);
    struct buf out;
    struct buf back;
    buf_init(&out, a, size * 6 + 1);
    buf_init(&back, a, size * 6 + 1);
    html_text(&out, (struct str){(const char *)data, size});
    struct str text = buf_get(&out);
    for (size_t i = 0; i < text.n;) {
        ASSERT(strchr("<>\"'", text.p[i]) == NULL);
        struct str rest = str_sub(text, i, text.n);
        struct str c = str_sub(rest, 0, 1);
        size_t step = 1;
        for (size_t k = 0; k < LEN(refs); k++) {
            if (str_starts(rest, refs[k].ref)) {
                c = refs[k].c;
                step = refs[k].ref.n;
            }
        }
        ASSERT(c.p[0] != '&' || step > 1);
        buf_str(&back, c);
        i += step;
    }
    if (memchr(data, 0, size) == NULL) {
        ASSERT(str_eq(buf_get(&back), (struct str){(const char *)data, size}));
    }
    arena_free(a);
    return 0;
}
