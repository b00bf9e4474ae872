/* work/post_mail.c - notices as e-mail. */
#include "codec/b64.h"
#include "os/mail.h"
#include "os/random.h"
#include "work/post_int.h"

/* Bytes of UTF-8 in one encoded word (RFC 2047: at most 75 characters), and of a line of the body. */
enum { WORD = 42, LINE = 57, LATER = 500 };

static void header_words(struct buf *b, struct str text)
{
    while (text.n > 0) {
        size_t n = MIN(text.n, (size_t)WORD);
        while (n < text.n && ((unsigned char)text.p[n] & 0xc0) == 0x80) {
            n--; /* not inside a character */
        }
        BUF_LIT(b, "=?UTF-8?B?");
        b64_write(b, text.p, n, B64_STD);
        BUF_LIT(b, "?=");
        text = str_sub(text, n, text.n);
        if (text.n > 0) {
            BUF_LIT(b, "\r\n ");
        }
    }
}

static void body_lines(struct buf *b, struct str text)
{
    while (text.n > 0) {
        size_t n = MIN(text.n, (size_t)LINE);
        b64_write(b, text.p, n, B64_STD);
        BUF_LIT(b, "\r\n");
        text = str_sub(text, n, text.n);
    }
}

static void date_line(struct req *rq, struct buf *b)
{
    struct buf date;
    buf_init(&date, rq->a, 40);
    instant_write_http(&date, rq->now);
    struct str d = buf_get(&date);
    BUF_LIT(b, "Date: ");
    buf_str(b, str_sub(d, 0, d.n - MIN(d.n, 3))); /* RFC 5322: an offset, not "GMT" */
    BUF_LIT(b, "+0000\r\n");
}

enum err post_mail_write(struct req *rq, const struct post_message *m, struct str *ret_text)
{
    struct str from = post_settings(rq)->mail_from;
    char id[OS_ID_LEN + 1];
    struct buf text;
    struct buf b;

    os_id(id);
    buf_init(&text, rq->a, POST_TEXT_MAX);
    buf_str(&text, m->letter.text);
    BUF_LIT(&text, "\r\n");
    if (m->letter.link.n > 0) {
        BUF_LIT(&text, "\r\n");
        buf_str(&text, m->letter.link);
        BUF_LIT(&text, "\r\n");
    }
    buf_init(&b, rq->a, POST_TEXT_MAX);
    BUF_LIT(&b, "From: Consilium <");
    buf_str(&b, from);
    BUF_LIT(&b, ">\r\nTo: <");
    buf_str(&b, m->address);
    BUF_LIT(&b, ">\r\n");
    date_line(rq, &b);
    BUF_LIT(&b, "Message-ID: <");
    buf_str(&b, str_z(id));
    buf_str(&b, str_sub(from, str_find_char(from, '@'), from.n));
    BUF_LIT(&b, ">\r\nSubject: ");
    header_words(&b, m->letter.title);
    BUF_LIT(&b, "\r\nAuto-Submitted: auto-generated\r\n");
    if (m->urgent) {
        BUF_LIT(&b, "Importance: high\r\n");
    }
    BUF_LIT(&b, "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                "Content-Transfer-Encoding: base64\r\n\r\n");
    body_lines(&b, buf_get(&text));
    *ret_text = buf_get(&b);
    return buf_ok(&b) && buf_ok(&text) ? OK : FAIL(rq, E_TOO_LARGE, "mail");
}

void post_mail(struct req *rq, const struct post_message *m, struct post_result *ret_result)
{
    const struct notify_settings *s = post_settings(rq);
    struct os_mail mail = {.url = s->smtp_url,
                           .user = s->smtp_user,
                           .password = s->smtp_password,
                           .from = s->mail_from,
                           .to = m->address,
                           .ca_file = s->ca_file,
                           .plain = s->plain,
                           .timeout_ms = POST_TIMEOUT_MS};
    unsigned status = 0;
    enum err e = post_mail_write(rq, m, &mail.message);
    if (e == OK) {
        e = os_mail(rq, &mail, &status);
    }
    err_clear(rq);
    ret_result->status = status;
    if (e != OK) {
        ret_result->why = e == E_IO ? POST_NO_ANSWER : POST_OTHER;
    } else if (status < 300) {
        ret_result->why = POST_SENT;
    } else if (status < LATER) {
        ret_result->why = POST_LATER;
    } else { /* 530, 535: the name is not taken (RFC 4954) */
        ret_result->why = status == 530 || status == 535 ? POST_SETTINGS : POST_REFUSED;
    }
}
