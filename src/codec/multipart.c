/* codec/multipart.c - multipart bodies as a stream. See multipart.h.
 *
 * A delimiter is CR LF - - boundary. A boundary holds no CR, so a partial match can begin again only
 * at its first byte, and the count of matched bytes is all that is carried between pieces. */
#include "codec/multipart.h"

#include <string.h>

#include "codec/field.h"

enum {
    MAX_BOUNDARY = 70, /* RFC 2046 5.1.1 */
    MAX_PADDING = 200, /* blanks after a boundary */
};

enum state {
    PREAMBLE,  /* before the first boundary: passed over */
    BOUNDARY,  /* after a boundary: "--", or blanks and a line end */
    CLOSING,   /* one "-" came after the boundary */
    LINE_END,  /* CR came after the boundary */
    HEADER,    /* header lines up to the empty one */
    DATA,
    EPILOGUE,  /* after the last boundary: passed over */
    BROKEN,    /* a failure was returned */
};

struct multipart {
    struct req *rq;
    struct multipart_sink sink;
    struct multipart_limits lim;
    enum state state;
    char delimiter[4 + MAX_BOUNDARY];
    size_t delimiter_n;
    size_t matched; /* bytes of the delimiter seen just now */
    size_t imagined; /* of them, the line end before the first byte: seen, but not data */
    size_t padding; /* blanks seen after the boundary */
    char *header;   /* lim.header_bytes */
    size_t header_n;
    uint32_t parts; /* begun so far */
    struct multipart_part part;
};

static bool is_boundary(struct str s)
{
    static const char others[] = "'()+_,-./:=? ";
    for (size_t i = 0; i < s.n; i++) {
        char c = s.p[i];
        bool ok = ((unsigned char)c | 0x20u) - 'a' < 26 || (unsigned)(c - '0') < 10
                  || memchr(others, c, sizeof(others) - 1) != NULL;
        if (!ok) {
            return false;
        }
    }
    return s.n > 0 && s.n <= MAX_BOUNDARY && s.p[s.n - 1] != ' ';
}

enum err multipart_new(struct req *rq, struct str content_type, const struct multipart_limits *lim,
                       const struct multipart_sink *sink, struct multipart **ret_m)
{
    struct str head = field_head(content_type);
    if (head.n < 11 || !str_eq_nocase(str_sub(head, 0, 10), S("multipart/"))) {
        return FAIL(rq, E_MEDIA_TYPE, "Content-Type: multipart expected");
    }
    struct str boundary = field_param(rq->a, content_type, S("boundary"));
    if (!is_boundary(boundary)) {
        return FAIL(rq, E_MEDIA_TYPE, "Content-Type: boundary missing or malformed");
    }
    struct multipart *m = ARENA_NEW(rq->a, struct multipart);
    TRY_MEM(rq, m);
    m->rq = rq;
    m->sink = *sink;
    m->lim = *lim;
    m->header = arena_alloc_raw(rq->a, lim->header_bytes);
    TRY_MEM(rq, m->header);
    memcpy(m->delimiter, "\r\n--", 4);
    memcpy(m->delimiter + 4, boundary.p, boundary.n);
    m->delimiter_n = 4 + boundary.n;
    m->matched = m->imagined = 2; /* the first boundary needs no line end before it */
    *ret_m = m;
    return OK;
}

struct str multipart_header(const struct multipart_part *part, struct str name)
{
    struct str rest = part->header;
    struct str line;
    while (str_cut(&rest, '\n', &line)) {
        size_t colon = str_find_char(line, ':');
        if (colon < line.n && str_eq_nocase(str_sub(line, 0, colon), name)) {
            return str_trim(str_sub(line, colon + 1, line.n));
        }
    }
    return (struct str){NULL, 0};
}

/* Folded lines (a blank first) join the line before: RFC 5322 2.2.3. In place. */
static void unfold(char *p, size_t n)
{
    for (size_t i = 0; i + 2 < n; i++) {
        if (p[i] == '\r' && p[i + 1] == '\n' && (p[i + 2] == ' ' || p[i + 2] == '\t')) {
            p[i] = ' ';
            p[i + 1] = ' ';
        }
    }
}

/* The header is complete: its fields, and the part begins. */
static enum err begin_part(struct multipart *m)
{
    if (memchr(m->header, 0, m->header_n) != NULL) {
        return FAIL(m->rq, E_SYNTAX, "part %u: header", m->parts + 1);
    }
    unfold(m->header, m->header_n);
    struct multipart_part *part = &m->part;
    *part = (struct multipart_part){.header = {m->header, m->header_n}, .index = m->parts};
    struct str coding = multipart_header(part, S("Content-Transfer-Encoding"));
    static const struct str plain[] = {SI("7bit"), SI("8bit"), SI("binary")};
    bool is_plain = coding.p == NULL;
    for (size_t i = 0; i < LEN(plain); i++) {
        is_plain = is_plain || str_eq_nocase(coding, plain[i]);
    }
    if (!is_plain) {
        return FAIL(m->rq, E_UNSUPPORTED, "part %u: Content-Transfer-Encoding", m->parts + 1);
    }
    struct str disposition = multipart_header(part, S("Content-Disposition"));
    part->type = multipart_header(part, S("Content-Type"));
    if (disposition.p != NULL) {
        part->name = field_form_name(m->rq->a, disposition);
        part->filename = field_filename(m->rq->a, disposition);
    }
    m->parts++;
    m->state = DATA;
    m->matched = m->imagined = 2; /* an empty part: the header's line end may be the boundary's */
    return m->sink.begin(m->sink.ctx, part);
}

static enum err give(struct multipart *m, const char *p, size_t n)
{
    if (n == 0 || m->state != DATA) {
        return OK;
    }
    return m->sink.data(m->sink.ctx, (struct str){p, n});
}

/* Looks for the delimiter in *cursor..end, handing over what stands before it. */
static enum err scan(struct multipart *m, const char **cursor, const char *end)
{
    const char *p = *cursor;
    const char *from = p;
    size_t held = m->matched; /* of them, those that came before this piece */
    while (p < end) {
        if (m->matched == 0) {
            p = memchr(p, '\r', (size_t)(end - p));
            if (p == NULL) {
                p = end;
                break;
            }
        }
        if (*p == m->delimiter[m->matched]) {
            m->matched++;
            p++;
            if (m->matched == m->delimiter_n) {
                break;
            }
            continue;
        }
        if (held > 0) { /* they turn out to be data */
            TRY(give(m, m->delimiter + m->imagined, held - m->imagined));
            held = 0;
            m->imagined = 0;
        }
        m->matched = 0;
        if (*p != '\r') {
            p++;
        }
    }
    TRY(give(m, from, (size_t)(p - from) - (m->matched - held)));
    *cursor = p;
    if (m->matched < m->delimiter_n) {
        return OK;
    }
    m->matched = 0;
    m->imagined = 0;
    if (m->state == DATA) {
        TRY(m->sink.end(m->sink.ctx));
    }
    m->state = BOUNDARY;
    m->padding = 0;
    return OK;
}

/* One byte of the line after a boundary. */
static enum err line_byte(struct multipart *m, char c)
{
    if (m->state == BOUNDARY && m->padding == 0 && c == '-') {
        m->state = CLOSING;
    } else if (m->state == BOUNDARY && c == '\r') {
        m->state = LINE_END;
    } else if (m->state == BOUNDARY && (c == ' ' || c == '\t') && m->padding < MAX_PADDING) {
        m->padding++;
    } else if (m->state == CLOSING && c == '-') {
        m->state = EPILOGUE;
    } else if (m->state == LINE_END && c == '\n') {
        if (m->parts == m->lim.parts) {
            return FAIL(m->rq, E_TOO_LARGE, "more than %u parts", m->lim.parts);
        }
        m->state = HEADER;
        m->header_n = 0;
    } else {
        return FAIL(m->rq, E_SYNTAX, "after part %u: boundary line", m->parts);
    }
    return OK;
}

static enum err header_byte(struct multipart *m, char c)
{
    if (m->header_n == m->lim.header_bytes) {
        return FAIL(m->rq, E_TOO_LARGE, "part %u: header over %u bytes", m->parts + 1,
                    m->lim.header_bytes);
    }
    m->header[m->header_n++] = c;
    struct str h = {m->header, m->header_n};
    if (c == '\n' && (str_eq(h, S("\r\n")) || str_ends(h, S("\r\n\r\n")))) {
        m->header_n -= 2;
        return begin_part(m);
    }
    return OK;
}

static enum err feed(struct multipart *m, struct str bytes)
{
    const char *p = bytes.p;
    const char *end = bytes.n == 0 ? p : p + bytes.n;
    while (p < end) {
        switch (m->state) {
        case PREAMBLE:
        case DATA: TRY(scan(m, &p, end)); break;
        case BOUNDARY:
        case CLOSING:
        case LINE_END: TRY(line_byte(m, *p++)); break;
        case HEADER: TRY(header_byte(m, *p++)); break;
        case EPILOGUE: return OK;
        case BROKEN: return FAIL(m->rq, E_SYNTAX, "multipart body after a failure");
        }
    }
    return OK;
}

enum err multipart_feed(struct multipart *m, struct str bytes)
{
    enum err e = feed(m, bytes);
    if (e != OK) {
        m->state = BROKEN;
    }
    return e;
}

enum err multipart_finish(struct multipart *m)
{
    if (m->state != EPILOGUE) {
        return FAIL(m->rq, E_SYNTAX, "the body ends before its last boundary");
    }
    return OK;
}
