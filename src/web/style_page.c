/* web/style_page.c - the page that shows every part. See style_page.h. All people are made up. */
#include "web/style_page.h"

#include "base/text.h"
#include "web/page.h"
#include "web/tpl.h"
#include "web/web.h"

static const struct {
    const char *state;
    const char *kind;
    int64_t left_min;
    const char *urgency;
    const char *patient;
    const char *birth;
    const char *org;
    const char *question;
    int64_t files;
} cases[] = {
    {"over", "answer", 20, "emergency", "Ахметова Айгүл Серікқызы", "1972-03-01",
     "Районная больница № 3", "Боль за грудиной второй час, ЭКГ с подъёмом ST. Тромболизис?", 3},
    {"soon", "accept", 12, "emergency", "Неизвестный, около 40 лет", "", "ФАП Каменка",
     "ДТП, сознание спутанное, анизокория.", 1},
    {"running", "answer", 100, "urgent", "Oʻrinboyev Jahongir Abdurahmon oʻgʻli", "2026-09-28",
     "Qishloq vrachlik punkti", "Uch kundan beri isitma, nafas 60, ovqat yemayapti.", 12},
    {"paused", "answer", 0, "urgent", "Константинопольская-Преображенская Александра Вениаминовна",
     "1948-12-30", "Центральная районная больница имени академика Н. И. Пирогова",
     "Транзиторная слабость в левой руке.", 0},
    {"running", "accept", 2900, "planned", "Smith John", "2024-12-01", "District hospital 7",
     "Second opinion on the plan of treatment.", 240},
};

static const struct {
    const char *kind;
    const char *what;
    const char *next;
} flashes[] = {
    {"good", "Запрос отправлен.", "Координатор распределит его в течение 15 минут."},
    {"note", "Кто-то изменил случай.", "Показано нынешнее состояние."},
    {"warn", "Линия медленная.", "Загрузка продолжается сама."},
    {"bad", "Файл отклонён.", "Сервер не принимает программы. Приложите PDF, снимок или DICOM."},
};

static const struct {
    const char *name;
    const char *kind;
    int64_t size;
    const char *note;
    const char *hash;
    const char *bad;
} files[] = {
    {"ЭКГ 22.11.2026 09-04.pdf", "PDF", 418233, "", "9f86d081884c7d65", ""},
    {"CT head axial series 4.dcm", "DICOM", 734003200, "CT, 22 ноя 2026", "60303ae22b998861",
     "Пациент в файле — другой: проверьте, тот ли это снимок."},
};

static const struct {
    const char *what;
    const char *who;
    const char *org;
    int64_t ago_min;
    const char *text;
    bool over;
} events[] = {
    {"Время ответа прошло", "", "", 20, "Заведующий уведомлён.", true},
    {"Принято в работу", "Оспанова Д. С.", "Региональный центр", 48, "", false},
    {"Распределено", "Ли Н. Н.", "Координационный центр", 55, "", false},
    {"Запрос отправлен", "Иванов И. И.", "Районная больница № 3", 60, "", false},
};

static void set_clock(struct val *of, const char *state, const char *kind, int64_t left_min,
                      struct instant now)
{
    struct val *clock = val_set_map(of, "clock");
    val_set_z(clock, "state", state);
    val_set_z(clock, "kind", kind);
    val_set_i64(clock, "left", left_min * MS_MINUTE);
    val_set_instant(clock, "due", (struct instant){now.ms + left_min * MS_MINUTE});
    val_set_bool(clock, "told", true);
}

static void set_patient(struct val *samples)
{
    struct val *p = val_set_map(samples, "patient");
    val_set_z(p, "name", "Ахметова Айгүл Серікқызы");
    val_set_z(p, "sex", "female");
    val_set_z(p, "birth", "1972-03-01");
    struct val *id = val_add_map(val_set_list(p, "ids"));
    val_set_z(id, "label", "ИИН");
    val_set_z(id, "value", "720301400123");
    val_add_str(val_set_list(p, "allergies"), S("пенициллин"));
    val_add_str(val_set_list(p, "dangers"), S("принимает варфарин"));
}

static void set_cases(struct val *samples, struct instant now)
{
    struct val *list = val_set_list(samples, "cases");
    for (size_t i = 0; i < LEN(cases); i++) {
        struct val *c = val_add_map(list);
        set_clock(c, cases[i].state, cases[i].kind, cases[i].left_min, now);
        val_set_z(c, "urgency", cases[i].urgency);
        val_set_z(c, "patient", cases[i].patient);
        val_set_z(c, "birth", cases[i].birth);
        val_set_z(c, "org", cases[i].org);
        val_set_z(c, "question", cases[i].question);
        val_set_i64(c, "files", cases[i].files);
    }
    struct val *clocks = val_set_list(samples, "clocks");
    struct val holder = {.kind = VAL_MAP, .of.a = samples->of.a};
    set_clock(&holder, "running", "answer", 100, now);
    val_add(clocks, val_find(&holder, S("clock")));
}

static void set_facts(struct val *samples, struct instant now)
{
    struct val *list = val_set_list(samples, "files");
    for (size_t i = 0; i < LEN(files); i++) {
        struct val *f = val_add_map(list);
        val_set_z(f, "href", "#");
        val_set_z(f, "name", files[i].name);
        val_set_z(f, "kind", files[i].kind);
        val_set_i64(f, "size", files[i].size);
        val_set_instant(f, "at", now);
        val_set_z(f, "note", files[i].note);
        val_set_z(f, "hash", files[i].hash);
        val_set_z(f, "bad", files[i].bad);
    }
    list = val_set_list(samples, "events");
    for (size_t i = 0; i < LEN(events); i++) {
        struct val *e = val_add_map(list);
        val_set_z(e, "what", events[i].what);
        val_set_z(e, "who", events[i].who);
        val_set_z(e, "org", events[i].org);
        val_set_instant(e, "at", (struct instant){now.ms - events[i].ago_min * MS_MINUTE});
        val_set_z(e, "text", events[i].text);
        val_set_bool(e, "over", events[i].over);
    }
    static const char *const states[] = {"valid", "expired", "changed"};
    list = val_set_list(samples, "signatures");
    for (size_t i = 0; i < LEN(states); i++) {
        struct val *s = val_add_map(list);
        val_set_z(s, "state", states[i]);
        val_set_z(s, "who", "Оспанова Динара Сериковна");
        val_set_z(s, "post", "врач-кардиолог");
        val_set_z(s, "org", "Региональный телемедицинский центр");
        val_set_instant(s, "at", now);
        val_set_z(s, "key", "SHA-256 9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08");
    }
}

static struct val *field(struct val *at, const char *name, const char *label, const char *hint,
                         const char *error)
{
    val_set_z(at, "name", name);
    val_set_z(at, "label", label);
    val_set_z(at, "hint", hint);
    val_set_z(at, "error", error);
    return at;
}

static void set_options(struct val *f)
{
    static const char *const labels[] = {"экстренная", "неотложная", "плановая"};
    struct val *list = val_set_list(f, "options");
    for (size_t i = 0; i < LEN(labels); i++) {
        struct val *o = val_add_map(list);
        val_set_z(o, "value", labels[i]);
        val_set_z(o, "label", labels[i]);
        val_set_bool(o, "on", i == 1);
    }
}

static void set_form(struct val *samples)
{
    struct val *list = val_set_list(samples, "texts");
    struct val *f = field(val_add_map(list), "iin", "ИИН", "12 цифр", "Контрольная цифра не сходится");
    val_set_z(f, "value", "720301400124");
    val_set_z(f, "mode", "numeric");
    val_set_z(f, "width", "w14");
    f = field(val_add_map(list), "bp", "Систолическое давление", "", "");
    val_set_z(f, "width", "w4");
    val_set_z(f, "unit", "мм рт. ст.");
    val_set_bool(f, "optional", true);
    (void)field(val_set_map(samples, "area"), "what", "Что случилось", "Когда началось, как менялось", "");
    list = val_set_list(samples, "choices");
    f = field(val_add_map(list), "urgency", "Срочность", "", "");
    val_set_bool(f, "inline", true);
    set_options(f);
    f = field(val_add_map(list), "signs", "Признаки", "Можно несколько", "");
    val_set_bool(f, "many", true);
    set_options(f);
    set_options(field(val_set_map(samples, "select"), "profile", "Профиль", "", ""));
    (void)field(val_set_map(samples, "date"), "birth", "Дата рождения", "Например 1 3 1972", "");
    (void)field(val_set_map(samples, "file"), "files", "Файлы и снимки", "До 2 ГБ каждый", "");
    list = val_set_list(samples, "errors");
    f = val_add_map(list);
    val_set_z(f, "field", "iin");
    val_set_z(f, "text", "Контрольная цифра ИИН не сходится");
}

void style_samples(struct val *root, struct instant now)
{
    struct val *samples = val_set_map(root, "samples");
    set_patient(samples);
    set_cases(samples, now);
    set_facts(samples, now);
    set_form(samples);
    val_set_z(samples, "question", "Боль за грудиной второй час, на ЭКГ подъём ST в V2–V4. Нужен ли "
                                   "тромболизис на месте или перевод?");
    struct val *list = val_set_list(samples, "flashes");
    for (size_t i = 0; i < LEN(flashes); i++) {
        struct val *f = val_add_map(list);
        val_set_z(f, "kind", flashes[i].kind);
        val_set_z(f, "what", flashes[i].what);
        val_set_z(f, "next", flashes[i].next);
    }
}

enum err web_style(struct http_req *h)
{
    struct val *root = NULL;
    if (!web_of(&h->rq)->demo) {
        return FAIL(&h->rq, E_NOT_FOUND, "only in the demo");
    }
    TRY(page_begin(h, T("Style"), &root));
    page_kind(root, "wide");
    page_upload(root);
    style_samples(root, h->rq.now);
    return page_reply(h, root, tpl_style);
}
