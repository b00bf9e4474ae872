/* app/demo_paper.c - reports of the demo as PDF: blood tests with a curve, an electrocardiogram. */
#include <cairo-pdf.h>
#include <math.h>

#include "app/demo_file.h"
#include "app/demo_pixel.h"
#include "care/content.h"

enum { PDF_CAP = 4 * 1024 * 1024 };
static const double PAGE_W = 595.28;
static const double PAGE_H = 841.89;
static const double LEFT = 50;
static const double MM = 72 / 25.4;

struct sheet {
    struct req *rq;
    const struct demo_ask *ask;
    cairo_t *cr;
    struct demo_random random;
};

enum word {
    W_LAB, W_ECG, W_PATIENT, W_BORN, W_NUMBER, W_TAKEN, W_TEST, W_RESULT, W_UNIT, W_NORM, W_COURSE,
    W_RATE, W_MADE_UP, W_COUNT
};

/* clang-format off */
static const struct text4 words[] = {
    [W_LAB]     = {{SI("Laboratory report"), SI("Результаты лабораторных исследований"), SI("Зертханалық зерттеу нәтижелері"), SI("Laboratoriya tekshiruvi natijalari")}},
    [W_ECG]     = {{SI("Electrocardiogram, 12 leads"), SI("Электрокардиограмма, 12 отведений"), SI("Электрокардиограмма, 12 тіркеме"), SI("Elektrokardiogramma, 12 ulanish")}},
    [W_PATIENT] = {{SI("Patient"), SI("Пациент"), SI("Пациент"), SI("Bemor")}},
    [W_BORN]    = {{SI("Date of birth"), SI("Дата рождения"), SI("Туған күні"), SI("Tugʻilgan sana")}},
    [W_NUMBER]  = {{SI("Identifier"), SI("Идентификатор"), SI("Сәйкестендіргіш"), SI("Identifikator")}},
    [W_TAKEN]   = {{SI("Taken at"), SI("Взято"), SI("Алынған уақыты"), SI("Olingan vaqti")}},
    [W_TEST]    = {{SI("Test"), SI("Показатель"), SI("Көрсеткіш"), SI("Koʻrsatkich")}},
    [W_RESULT]  = {{SI("Result"), SI("Результат"), SI("Нәтиже"), SI("Natija")}},
    [W_UNIT]    = {{SI("Unit"), SI("Единица"), SI("Бірлік"), SI("Birlik")}},
    [W_NORM]    = {{SI("Reference"), SI("Норма"), SI("Қалыпты мән"), SI("Meʼyor")}},
    [W_COURSE]  = {{SI("Course over days"), SI("Динамика по дням"), SI("Күндер бойынша динамика"), SI("Kunlar boʻyicha dinamika")}},
    [W_RATE]    = {{SI("Heart rate"), SI("ЧСС"), SI("ЖСЖ"), SI("YUQS")}},
    [W_MADE_UP] = {{SI("Made-up data for demonstration"), SI("Вымышленные данные для демонстрации"), SI("Көрсетуге арналған ойдан шығарылған деректер"), SI("Namoyish uchun toʻqima maʼlumotlar")}},
};

static const struct test {
    struct text4 name;
    const char *unit;
    double low, high; /* reference */
    unsigned digits;
} tests[] = {
    {{{SI("Haemoglobin"), SI("Гемоглобин"), SI("Гемоглобин"), SI("Gemoglobin")}}, "g/L", 120, 160, 0},
    {{{SI("Erythrocytes"), SI("Эритроциты"), SI("Эритроциттер"), SI("Eritrotsitlar")}}, "10^12/L", 3.8, 5.1, 2},
    {{{SI("Leukocytes"), SI("Лейкоциты"), SI("Лейкоциттер"), SI("Leykotsitlar")}}, "10^9/L", 4.0, 9.0, 1},
    {{{SI("Platelets"), SI("Тромбоциты"), SI("Тромбоциттер"), SI("Trombotsitlar")}}, "10^9/L", 180, 320, 0},
    {{{SI("ESR"), SI("СОЭ"), SI("ЭТЖ"), SI("EChT")}}, "mm/h", 2, 15, 0},
    {{{SI("Glucose"), SI("Глюкоза"), SI("Глюкоза"), SI("Glyukoza")}}, "mmol/L", 3.9, 6.1, 1},
    {{{SI("Creatinine"), SI("Креатинин"), SI("Креатинин"), SI("Kreatinin")}}, "umol/L", 53, 106, 0},
    {{{SI("Urea"), SI("Мочевина"), SI("Мочевина"), SI("Mochevina")}}, "mmol/L", 2.5, 8.3, 1},
    {{{SI("ALT"), SI("АЛТ"), SI("АЛТ"), SI("ALT")}}, "U/L", 5, 40, 0},
    {{{SI("AST"), SI("АСТ"), SI("АСТ"), SI("AST")}}, "U/L", 5, 40, 0},
    {{{SI("Total bilirubin"), SI("Билирубин общий"), SI("Жалпы билирубин"), SI("Umumiy bilirubin")}}, "umol/L", 5, 21, 1},
    {{{SI("Total protein"), SI("Общий белок"), SI("Жалпы ақуыз"), SI("Umumiy oqsil")}}, "g/L", 64, 83, 0},
    {{{SI("Potassium"), SI("Калий"), SI("Калий"), SI("Kaliy")}}, "mmol/L", 3.5, 5.1, 1},
    {{{SI("Sodium"), SI("Натрий"), SI("Натрий"), SI("Natriy")}}, "mmol/L", 136, 145, 0},
    {{{SI("C-reactive protein"), SI("С-реактивный белок"), SI("С-реактивті ақуыз"), SI("C-reaktiv oqsil")}}, "mg/L", 0, 5, 1},
    {{{SI("Troponin I"), SI("Тропонин I"), SI("Тропонин I"), SI("Troponin I")}}, "ng/mL", 0, 0.04, 2},
    {{{SI("INR"), SI("МНО"), SI("ХҚҚ"), SI("XNN")}}, "", 0.85, 1.15, 2},
    {{{SI("Fibrinogen"), SI("Фибриноген"), SI("Фибриноген"), SI("Fibrinogen")}}, "g/L", 2.0, 4.0, 1},
};
/* clang-format on */

static const char *z(struct sheet *s, struct str text)
{
    const char *p = arena_cstr(s->rq->a, text);
    return p != NULL ? p : "";
}

static void put(struct sheet *s, double x, double y, double size, bool bold, struct str text)
{
    cairo_select_font_face(s->cr, "DejaVu Sans", CAIRO_FONT_SLANT_NORMAL,
                           bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
    cairo_set_font_size(s->cr, size);
    cairo_move_to(s->cr, x, y);
    cairo_show_text(s->cr, z(s, text));
}

static void word(struct sheet *s, double x, double y, double size, bool bold, enum word w)
{
    put(s, x, y, size, bold, text4_get(&words[w], s->ask->lang));
}

/* A value with that many decimals. */
static struct str decimal(struct sheet *s, double v, unsigned digits)
{
    static const unsigned scale[] = {1, 10, 100};
    struct buf b;
    uint64_t n = (uint64_t)(v * scale[digits] + 0.5);
    buf_init(&b, s->rq->a, 32);
    buf_u64(&b, n / scale[digits]);
    if (digits > 0) {
        buf_char(&b, '.');
        buf_u64_pad(&b, n % scale[digits], digits);
    }
    return buf_get(&b);
}

static struct str local_time(struct sheet *s)
{
    struct civil c = instant_civil(s->ask->at, s->ask->offset_min);
    struct buf b;
    buf_init(&b, s->rq->a, 32);
    buf_u64_pad(&b, (uint64_t)c.day, 2);
    buf_char(&b, '.');
    buf_u64_pad(&b, (uint64_t)c.month, 2);
    buf_char(&b, '.');
    buf_u64_pad(&b, (uint64_t)c.year, 4);
    buf_char(&b, ' ');
    buf_u64_pad(&b, (uint64_t)c.hour, 2);
    buf_char(&b, ':');
    buf_u64_pad(&b, (uint64_t)c.minute, 2);
    return buf_get(&b);
}

static void line(struct sheet *s, double y)
{
    cairo_set_line_width(s->cr, 0.5);
    cairo_move_to(s->cr, LEFT, y);
    cairo_line_to(s->cr, PAGE_W - LEFT, y);
    cairo_stroke(s->cr);
}

static double head_put(struct sheet *s, enum word title)
{
    const struct demo_patient *p = &s->ask->patient;
    cairo_set_source_rgb(s->cr, 0.1, 0.1, 0.12);
    put(s, LEFT, 50, 9, false, s->ask->organization);
    word(s, LEFT, 76, 15, true, title);
    word(s, LEFT, 100, 9, false, W_PATIENT);
    put(s, LEFT + 100, 100, 9, true, p->name);
    word(s, LEFT, 114, 9, false, W_BORN);
    put(s, LEFT + 100, 114, 9, false, p->birth_date);
    word(s, LEFT, 128, 9, false, W_NUMBER);
    put(s, LEFT + 100, 128, 9, false, p->id);
    word(s, LEFT, 142, 9, false, W_TAKEN);
    put(s, LEFT + 100, 142, 9, false, local_time(s));
    line(s, 152);
    word(s, LEFT, PAGE_H - 30, 7, false, W_MADE_UP);
    return 176;
}

/* ---- blood ---- */

static void row_put(struct sheet *s, double y, const struct test *t)
{
    double span = t->high - t->low;
    double v = demo_between(&s->random, t->low, t->high);
    if (demo_next(&s->random) % 4 == 0) {
        v = t->high + demo_between(&s->random, 0.05, 0.9) * span;
    }
    bool high = v > t->high;
    put(s, LEFT, y, 9.5, false, text4_get(&t->name, s->ask->lang));
    put(s, 260, y, 9.5, high, decimal(s, v, t->digits));
    if (high) {
        put(s, 310, y, 9.5, true, S("\xE2\x86\x91"));
    }
    put(s, 340, y, 9.5, false, str_z(t->unit));
    put(s, 440, y, 9.5, false, decimal(s, t->low, t->digits));
    put(s, 478, y, 9.5, false, S("\xE2\x80\x93"));
    put(s, 490, y, 9.5, false, decimal(s, t->high, t->digits));
}

static void table_put(struct sheet *s, double y, size_t from, size_t to)
{
    word(s, LEFT, y, 9, true, W_TEST);
    word(s, 260, y, 9, true, W_RESULT);
    word(s, 340, y, 9, true, W_UNIT);
    word(s, 440, y, 9, true, W_NORM);
    line(s, y + 6);
    for (size_t i = from; i < to; i++) {
        y += 21;
        row_put(s, y, &tests[i]);
    }
}

static void curve_put(struct sheet *s, double top)
{
    double bottom = top + 170;
    double level = demo_between(&s->random, 8, 11);
    word(s, LEFT, top - 10, 11, true, W_COURSE);
    put(s, LEFT + 160, top - 10, 9, false, text4_get(&tests[2].name, s->ask->lang));
    line(s, bottom);
    cairo_set_source_rgb(s->cr, 0.85, 0.93, 0.87); /* the reference range */
    cairo_rectangle(s->cr, LEFT, bottom - 9 * 12, PAGE_W - 2 * LEFT, 5 * 12);
    cairo_fill(s->cr);
    cairo_set_source_rgb(s->cr, 0.03, 0.27, 0.40);
    cairo_set_line_width(s->cr, 1.6);
    for (int day = 0; day < 9; day++) {
        double x = LEFT + 20 + day * 55;
        level += day < 3 ? demo_between(&s->random, 0.2, 1.6) : demo_between(&s->random, -1.6, 0.3);
        level = level < 4 ? 4 : level > 13.5 ? 13.5 : level;
        cairo_line_to(s->cr, x, bottom - level * 12);
    }
    cairo_stroke(s->cr);
    cairo_set_source_rgb(s->cr, 0.1, 0.1, 0.12);
    for (unsigned day = 0; day < 9; day++) {
        put(s, LEFT + 18 + day * 55, bottom + 12, 8, false, decimal(s, day + 1, 0));
    }
}

static void lab_draw(struct sheet *s)
{
    double y = head_put(s, W_LAB);
    table_put(s, y, 0, 11);
    cairo_show_page(s->cr);
    y = head_put(s, W_LAB);
    table_put(s, y, 11, LEN(tests));
    curve_put(s, 420);
    cairo_show_page(s->cr);
}

/* ---- electrocardiogram ---- */

static void grid_put(struct sheet *s, double top, double bottom)
{
    int down = (int)((bottom - top) / MM);
    int across = (int)((PAGE_W - 2 * LEFT) / MM);
    for (int i = 0; i <= MAX(down, across); i++) {
        bool bold = i % 5 == 0;
        cairo_set_source_rgb(s->cr, 0.95, bold ? 0.62 : 0.84, bold ? 0.62 : 0.84);
        cairo_set_line_width(s->cr, bold ? 0.5 : 0.2);
        if (i <= across) {
            cairo_move_to(s->cr, LEFT + i * MM, top);
            cairo_line_to(s->cr, LEFT + i * MM, bottom);
        }
        if (i <= down) {
            cairo_move_to(s->cr, LEFT, top + i * MM);
            cairo_line_to(s->cr, PAGE_W - LEFT, top + i * MM);
        }
        cairo_stroke(s->cr);
    }
}

static void leads_put(struct sheet *s, const struct demo_scene *scene, double period)
{
    static const char *const names[] = {"I",   "II",  "III", "aVR", "aVL", "aVF",
                                        "V1",  "V2",  "V3",  "V4",  "V5",  "V6"};
    double half = (PAGE_W - 2 * LEFT) / 2;
    for (unsigned lead = 0; lead < 12; lead++) {
        double left = LEFT + (lead >= 6 ? half : 0);
        double base = 220 + (lead % 6) * 96;
        cairo_set_source_rgb(s->cr, 0.05, 0.05, 0.10);
        put(s, left + 4, base - 32, 9, true, str_z(names[lead]));
        cairo_set_line_width(s->cr, 0.9);
        cairo_new_path(s->cr);
        for (double x = 0; x < half - 6; x += 0.5) {
            double mv = demo_ecg(scene, lead, x / (25 * MM), period);
            cairo_line_to(s->cr, left + x, base - mv * 10 * MM);
        }
        cairo_stroke(s->cr);
    }
}

static void ecg_draw(struct sheet *s)
{
    struct demo_scene scene = demo_scene(s->ask->seed);
    double period = demo_between(&s->random, 0.62, 1.0);
    (void)head_put(s, W_ECG);
    grid_put(s, 165, 790);
    leads_put(s, &scene, period);
    cairo_show_page(s->cr);
    double y = head_put(s, W_ECG);
    static const char *const names[] = {"PQ, ms", "QRS, ms", "QT, ms", "QTc, ms"};
    static const double from[] = {130, 82, 350, 385};
    word(s, LEFT, y, 10, false, W_RATE);
    put(s, LEFT + 140, y, 10, true, decimal(s, 60 / period, 0));
    for (size_t i = 0; i < LEN(names); i++) {
        y += 20;
        put(s, LEFT, y, 10, false, str_z(names[i]));
        put(s, LEFT + 140, y, 10, true,
            decimal(s, from[i] + demo_between(&s->random, 0, 50), 0));
    }
    cairo_show_page(s->cr);
}

/* ---- the file ---- */

static cairo_status_t to_buf(void *ctx, const unsigned char *data, unsigned int n)
{
    struct buf *b = ctx;
    buf_bytes(b, data, n);
    return buf_ok(b) ? CAIRO_STATUS_SUCCESS : CAIRO_STATUS_WRITE_ERROR;
}

enum err demo_pdf(struct req *rq, const struct demo_ask *ask, enum demo_paper paper,
                  struct str *ret_bytes)
{
    struct buf out;
    struct buf at;
    struct sheet s = {.rq = rq, .ask = ask, .random = {ask->seed}};
    buf_init(&out, rq->a, PDF_CAP);
    buf_init(&at, rq->a, 64);
    instant_write(&at, (struct instant){ask->at.ms - ask->at.ms % 1000});
    cairo_surface_t *surface = cairo_pdf_surface_create_for_stream(to_buf, &out, PAGE_W, PAGE_H);
    const char *date = z(&s, buf_get(&at));
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, date);
    cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_MOD_DATE, date);
    s.cr = cairo_create(surface);
    if (paper == DEMO_PAPER_ECG) {
        ecg_draw(&s);
    } else {
        lab_draw(&s);
    }
    cairo_destroy(s.cr);
    cairo_surface_finish(surface);
    bool ok = cairo_surface_status(surface) == CAIRO_STATUS_SUCCESS;
    cairo_surface_destroy(surface);
    if (!ok || !buf_ok(&out)) {
        return FAIL(rq, E_TOO_LARGE, "memory cap");
    }
    *ret_bytes = buf_get(&out);
    return OK;
}
