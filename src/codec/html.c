/* codec/html.c - text into HTML. See html.h. */
#include "codec/html.h"

static struct str reference(char c)
{
    switch (c) {
    case '&': return S("&amp;");
    case '<': return S("&lt;");
    case '>': return S("&gt;");
    case '"': return S("&quot;");
    case '\'': return S("&#39;");
    case 0: return S("\xef\xbf\xbd");
    default: return S("");
    }
}

void html_text(struct buf *b, struct str s)
{
    size_t from = 0;
    for (size_t i = 0; i < s.n; i++) {
        if (s.p[i] > '>') {
            continue;
        }
        struct str ref = reference(s.p[i]);
        if (ref.n > 0) {
            buf_bytes(b, s.p + from, i - from);
            buf_str(b, ref);
            from = i + 1;
        }
    }
    if (from < s.n) {
        buf_bytes(b, s.p + from, s.n - from);
    }
}

void html_attr(struct buf *b, struct str s)
{
    buf_char(b, '"');
    html_text(b, s);
    buf_char(b, '"');
}
