/* care/pdf_test.c - documents on paper: texts in four languages come out, pages are counted, the
 * same input gives the same bytes, the QR code reads back. Needs pdftotext, pdftoppm (poppler-utils)
 * and zbarimg (zbar-tools) for the reading parts; says so and skips where they are missing. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "care/pdf.h"
#include "os/wait_testing.h"

#define URL "https://consilium.example/check/k7w2m4q6t8z3x5v9"

static bool have(const char *tool)
{
    char cmd[200];
    (void)snprintf(cmd, sizeof(cmd), "command -v %s >/dev/null 2>&1", tool);
    return system(cmd) == 0;
}

/* What a shell command prints, at most n - 1 bytes. */
static void shell(const char *cmd, char *out, size_t n)
{
    FILE *f = popen(cmd, "r");
    assert_non_null(f);
    size_t got = fread(out, 1, n - 1, f);
    out[got] = 0;
    assert_int_equal(pclose(f), 0);
}

static void save(const char *path, struct str bytes)
{
    FILE *f = fopen(path, "wb");
    assert_non_null(f);
    assert_int_equal(fwrite(bytes.p, 1, bytes.n, f), bytes.n);
    assert_int_equal(fclose(f), 0);
}

static const struct pdf_block blocks[] = {
    {PDF_PAIR, SI("Пациент"), SI("Ахметова Айгүл Серікқызы")},
    {PDF_PAIR, SI("Бемор"), SI("Oʻktamova Gulnora Gʻulomovna")},
    {PDF_MARKED, SI("Сұрақ"), SI("Науқасты тасымалдауға бола ма? Әрі қарай қандай ем қажет?")},
    {PDF_HEADING, SI("Заключение"), SI("")},
    {PDF_TEXT, SI("Findings"), SI("Қорытынды: жедел коронарлық синдром.\nВторая строка.")},
    {PDF_LINE, SI(""), SI("")},
};

static struct pdf_doc doc_make(void)
{
    return (struct pdf_doc){
        .organization = S("Облыстық телемедицина орталығы"),
        .title = S("Заключение консультанта"),
        .subtitle = S("22.11.2026, 14:02"),
        .running = S("Заключение консультанта · Ахметова А. С."),
        .footer = S("k7w2m4q6t8z3x5v9"),
        .page_of = S("Страница {n} из {m}"),
        .blocks = blocks,
        .n_blocks = LEN(blocks),
        .seal_title = S("Подписано электронной подписью"),
        .seal_text = S("Оспанова Әлия Қуанышқызы\nврач-кардиолог\n" URL),
        .seal_url = S(URL),
        .author = S("Оспанова Ә. Қ."),
        .at = {1795317845000},
    };
}

static void texts_come_out(void **state)
{
    (void)state;
    if (!have("pdftotext")) {
        print_message("skipped: pdftotext is not installed (poppler-utils)\n");
        skip();
    }
    struct req rq;
    struct str pdf;
    char text[16384];
    req_init(&rq, 16 * 1024 * 1024, (struct instant){0});
    struct pdf_doc d = doc_make();
    assert_int_equal(pdf_write(&rq, &d, &pdf), OK);
    char path[] = "/tmp/consilium-pdf-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);
    save(path, pdf);
    char cmd[200];
    (void)snprintf(cmd, sizeof(cmd), "pdftotext -layout %s -", path);
    shell(cmd, text, sizeof(text));
    static const char *const wanted[] = {
        "Заключение консультанта", "Ахметова Айгүл Серікқызы",  "Oʻktamova Gulnora Gʻulomovna",
        "Науқасты тасымалдауға",   "жедел коронарлық синдром", "Страница 1 из 1",
        "Облыстық телемедицина",   "Оспанова Әлия Қуанышқызы",
    };
    for (size_t i = 0; i < LEN(wanted); i++) {
        if (strstr(text, wanted[i]) == NULL) {
            fail_msg("missing: %s\n%s", wanted[i], text);
        }
    }
    (void)unlink(path);
    req_done(&rq);
}

static void qr_code_reads_back(void **state)
{
    (void)state;
    if (!have("pdftoppm") || !have("zbarimg")) {
        print_message("skipped: pdftoppm or zbarimg is not installed (poppler-utils, zbar-tools)\n");
        skip();
    }
    struct req rq;
    struct str pdf;
    char text[4096];
    req_init(&rq, 16 * 1024 * 1024, (struct instant){0});
    struct pdf_doc d = doc_make();
    assert_int_equal(pdf_write(&rq, &d, &pdf), OK);
    char path[] = "/tmp/consilium-qr-XXXXXX";
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);
    save(path, pdf);
    char cmd[400];
    (void)snprintf(cmd, sizeof(cmd),
                   "pdftoppm -r 150 -png -singlefile %s %s && zbarimg -q --raw %s.png 2>/dev/null;"
                   " rm -f %s.png",
                   path, path, path, path);
    shell(cmd, text, sizeof(text));
    assert_string_equal(text, URL "\n");
    (void)unlink(path);
    req_done(&rq);
}

static void same_input_gives_same_bytes(void **state)
{
    (void)state;
    struct req rq;
    struct str one;
    struct str two;
    req_init(&rq, 16 * 1024 * 1024, (struct instant){0});
    struct pdf_doc d = doc_make();
    assert_int_equal(pdf_write(&rq, &d, &one), OK);
    time_t then = time(NULL);
    WAIT_FOR(time(NULL) != then);
    assert_int_equal(pdf_write(&rq, &d, &two), OK);
    assert_true(str_eq(one, two));
    assert_true(str_starts(one, S("%PDF-1.")));
    assert_true(one.n < 100 * 1024);
    req_done(&rq);
}

static void long_text_flows_over_pages(void **state)
{
    (void)state;
    struct req rq;
    struct str pdf;
    struct buf b;
    req_init(&rq, 64 * 1024 * 1024, (struct instant){0});
    buf_init(&b, rq.a, 1024 * 1024);
    for (size_t i = 0; i < 400; i++) {
        BUF_LIT(&b, "Жалобы на давящую боль за грудиной. \x01 Одышка при ходьбе.\n");
    }
    struct pdf_block long_blocks[] = {{PDF_TEXT, S("История"), buf_get(&b)},
                                      {PDF_PAIR, S("Статус"), buf_get(&b)}};
    struct pdf_doc d = doc_make();
    d.blocks = long_blocks;
    d.n_blocks = LEN(long_blocks);
    assert_int_equal(pdf_write(&rq, &d, &pdf), OK);
    for (size_t i = 0; i < 40000; i++) {
        BUF_LIT(&b, "строка\n");
    }
    long_blocks[0].text = buf_get(&b);
    struct str untouched = pdf;
    assert_int_equal(pdf_write(&rq, &d, &pdf), E_TOO_LARGE);
    assert_true(pdf.p == untouched.p);
    req_done(&rq);
}

/* Is there a line of the body on the page that carries the seal: the last one. */
static bool seal_has_company(struct req *rq, const struct pdf_doc *d, bool *ret_one_page)
{
    static char text[65536];
    char path[] = "/tmp/consilium-seal-XXXXXX";
    char cmd[200];
    struct str pdf;
    assert_int_equal(pdf_write(rq, d, &pdf), OK);
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    (void)close(fd);
    save(path, pdf);
    (void)snprintf(cmd, sizeof(cmd), "pdftotext -layout %s -", path);
    shell(cmd, text, sizeof(text));
    (void)unlink(path);
    char *end = strrchr(text, '\f'); /* each page ends with one */
    assert_non_null(end);
    *end = 0;
    char *last = strrchr(text, '\f');
    *ret_one_page = last == NULL;
    last = last != NULL ? last : text;
    assert_non_null(strstr(last, "Подписано электронной подписью"));
    return strstr(last, "давящая") != NULL;
}

static void seal_never_stands_alone(void **state)
{
    (void)state;
    enum { LEAST = 30, MOST = 62, LINES = MOST + 2 };
    static const enum pdf_kind kinds[] = {PDF_TEXT, PDF_PAIR, PDF_MARKED, PDF_SMALL};
    if (!have("pdftotext")) {
        print_message("skipped: pdftotext is not installed (poppler-utils)\n");
        skip();
    }
    for (size_t k = 0; k <= LEN(kinds); k++) {
        unsigned one = 0;
        unsigned more = 0;
        for (size_t n = LEAST; n <= MOST; n += 2) {
            struct req rq;
            struct buf b;
            struct pdf_block v[LINES] = {{PDF_HEADING, S("Жалобы"), S("")}};
            struct pdf_doc d = doc_make();
            bool one_page = false;
            req_init(&rq, 64 * 1024 * 1024, (struct instant){0});
            buf_init(&b, rq.a, 65536);
            for (size_t i = 0; i < n; i++) {
                BUF_LIT(&b, "Боль давящая за грудиной.\n");
                v[i + 1] = (struct pdf_block){PDF_PAIR, S("Жалобы"), S("Боль давящая за грудиной.")};
            }
            d.blocks = v;
            d.n_blocks = n + 1; /* many short blocks */
            if (k < LEN(kinds)) {
                v[1] = (struct pdf_block){kinds[k], S("Жалобы"), str_trim(buf_get(&b))};
                d.n_blocks = 2; /* a long one */
            }
            if (!seal_has_company(&rq, &d, &one_page)) {
                fail_msg("the seal is alone after %zu lines, shape %zu", n, k);
            }
            one += one_page ? 1 : 0;
            more += one_page ? 0 : 1;
            req_done(&rq);
        }
        assert_true(one > 0 && more > 0); /* the edge of the page was met */
    }
}

static void odd_text_is_harmless(void **state)
{
    (void)state;
    struct req rq;
    struct str pdf;
    req_init(&rq, 16 * 1024 * 1024, (struct instant){0});
    char wide[300];
    memset(wide, 'a', sizeof(wide));
    struct pdf_block odd[] = {
        {PDF_PAIR, S(""), S("")},
        {PDF_TEXT, S(""), S("<b>&amp;</b> \xE2\x80\xAE" "abc \xF0\x9F\xAB\x80 \xEF\xBF\xBF \x80\xC0 \xED\xA0\x80")},
        {PDF_MARKED, S(""), {wide, sizeof(wide)}},
    };
    struct pdf_doc d = doc_make();
    d.blocks = odd;
    d.n_blocks = LEN(odd);
    d.seal_url = S("https://x/' uri='y");
    assert_int_equal(pdf_write(&rq, &d, &pdf), OK);
    req_done(&rq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_come_out),
        cmocka_unit_test(qr_code_reads_back),
        cmocka_unit_test(same_input_gives_same_bytes),
        cmocka_unit_test(long_text_flows_over_pages),
        cmocka_unit_test(seal_never_stands_alone),
        cmocka_unit_test(odd_text_is_harmless),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
