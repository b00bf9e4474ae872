/* app/demo_consilium.c - a consilium of the stage: a doctor of a district calls specialists of two
 * centres about two patients. About the first all gave opinions and signed, one of them dissents;
 * about the second it is being held, and opinions are hidden until all have spoken. And an emergency,
 * which rings for who is on duty. */
#include "app/demo_stage.h"

#include "care/consilium.h"
#include "care/sign.h"
#include "os/clock.h"
#include "store/tx.h"

enum { ASKED_HOURS = 6, CALLED_MIN = 150, START_MIN = 40, MINUTES_TEXT = 24, PAST_DAYS = 30 };

/* The first chairs; the last dissents. */
static const char *const members[] = {"cardiologist1", "oncologist1", "cardiologist4", "therapist1"};

/* The cases: who answers each, and of which story. */
static const struct {
    const struct demo_story *story;
    struct str question;
} agenda[] = {
    {&demo_story_oncology[0],
     SI("Какой вид обезболивания и объём вмешательства возможны при сопутствующей артериальной "
        "гипертензии? Где оперировать: в районе или в областном центре?")},
    {&demo_story_cardiology[1],
     SI("Декомпенсация нарастает на фоне лечения. Переводить в областной центр сейчас или "
        "усилить терапию на месте?")},
};
enum { DECIDED, HELD };

/* What each member says of the patient decided about. */
static const struct str opinions[LEN(members)] = {
    SI("Риск со стороны сердца низкий: давление корригировано, ишемии нет. Вмешательство под "
       "местной анестезией допустимо без дополнительной подготовки."),
    SI("Показана эксцизионная биопсия с отступом 2 мм под местной анестезией, гистология с "
       "указанием толщины по Бреслоу. Объём дальнейшего лечения — по результату."),
    SI("Согласен с коллегой: дополнительное обследование сердца не требуется, антигипертензивную "
       "терапию не прерывать."),
    SI("Биопсию следует выполнять только в областном центре: в районе нет патоморфолога, "
       "материал теряется в дороге."),
};
static const struct str held[] = {
    {0}, {0},
    SI("Перевод сегодня: сохраняются застой и тахисистолия, на месте нет возможности "
       "эхокардиографии и титрования под монитором."),
    SI("Сначала внутривенный диуретик под контролем калия и массы тела 24 часа; при отсутствии "
       "ответа — перевод."),
};
static const struct field protocol[] = {
    {SI("reason"), SI("Подозрение на меланому кожи при сопутствующей артериальной гипертензии: "
                      "выбор места и объёма вмешательства.")},
    {SI("course"), SI("Пигментное образование изменилось за три месяца: выросло, края стали "
                      "неровными. Направлено районным врачом.")},
    {SI("state"), SI("Состояние удовлетворительное. Давление 134/82 на двух препаратах. "
                     "Регионарные лимфоузлы не увеличены.")},
    {SI("discussion"), SI("Обсуждены сроки, обезболивание и доставка материала. Риск со стороны "
                          "сердца признан низким.")},
    {SI("decision"), SI("Эксцизионная биопсия под местной анестезией в районной больнице в "
                        "течение недели; материал — в областную лабораторию нарочным.")},
    {SI("orders"), SI("Эксцизионная биопсия с отступом 2 мм\nГистология в областной лаборатории с "
                      "толщиной по Бреслоу\nПродолжить антигипертензивную терапию")},
};

struct meeting {
    struct stage *s;
    struct demo_case cases[LEN(agenda)];
    struct str id;               /* of the consilium */
    struct str items[LEN(agenda)];
    /* of the step that is made */
    const char *action;
    struct str item, text;
};

static struct instant before(const struct meeting *m, int minutes)
{
    return (struct instant){m->s->d->now.ms - minutes * MS_MINUTE};
}

/* ---- the cases it is about ---- */

static uint32_t service_of(const struct demo_region *r, const char *profile)
{
    for (uint32_t i = 0; i < r->n_services; i++) {
        if (str_eq(str_z(r->services[i].profile), str_z(profile))) {
            return i;
        }
    }
    return 0;
}

/* Sent by the doctor of the hospital and, when it is to be so, taken by the first of the service. */
static enum err play_case(struct stage *s, const struct demo_story *story, int64_t at,
                          const enum demo_do *steps, uint32_t n, struct demo_case *c)
{
    struct demo *d = s->d;

    c->no = d->n_cases + d->n_drafts + s->n_cases++;
    c->story = story;
    c->asker = d->region->doctors;
    c->service = service_of(d->region, story->profile);
    c->named = true;
    for (uint32_t i = 0; i < n; i++) {
        c->steps[c->n_steps++] = (struct demo_step){steps[i], at + (int64_t)i * 9 * MS_MINUTE};
    }
    while (c->next < c->n_steps) {
        TRY(demo_play(d, c));
    }
    return OK;
}

/* ---- calling ---- */

static struct str local_minute(struct req *rq, struct instant at)
{
    struct civil c = zone_civil(&care_of(rq)->zone, at);
    struct buf b;

    buf_init(&b, rq->a, MINUTES_TEXT);
    buf_str(&b, demo_date(rq, &c));
    BUF_LIT(&b, "T");
    buf_u64_pad(&b, (uint64_t)c.hour, 2);
    BUF_LIT(&b, ":");
    buf_u64_pad(&b, (uint64_t)c.minute, 2);
    return buf_get(&b);
}

static enum err call(struct req *rq, struct tx *tx, void *ctx)
{
    struct meeting *m = ctx;
    struct field typed[8 + LEN(members)] = {
        {S("question"), agenda[DECIDED].question},
        {S("urgency"), S("planned")},
        {S("start"), local_minute(rq, before(m, START_MIN))},
        {S("chair"), str_z(members[0])},
        {S("hidden"), S("1")},
    };
    uint32_t n = 5;
    struct problems problems = {.n = 0};
    const struct directory *dir = NULL;

    TRY(directory_get(rq, &dir));
    for (size_t i = 0; i < LEN(members); i++) {
        const struct dir_person *p = dir_person(dir, str_z(members[i]));
        if (p == NULL || p->n_roles == 0) {
            return FAIL(rq, E_NOT_FOUND, "a member");
        }
        typed[n++] = (struct field){S("member"), p->roles[0].id};
    }
    TRY(consilium_call(rq, tx, m->cases[DECIDED].id, &(struct fields){typed, n}, &problems, &m->id));
    m->id = arena_str(m->s->d->rq->a, m->id);
    return OK;
}

static enum err add(struct req *rq, struct tx *tx, void *ctx)
{
    struct meeting *m = ctx;
    return consilium_add(rq, tx, m->id, m->cases[HELD].id, agenda[HELD].question);
}

static enum err find_items(struct req *rq, struct tx *tx, void *ctx)
{
    struct meeting *m = ctx;
    struct consilium *c = ARENA_NEW(rq->a, struct consilium);

    (void)tx;
    TRY_MEM(rq, c);
    TRY(consilium_open(rq, m->id, AUDIT_READ, c));
    for (uint32_t i = 0; i < LEN(m->items) && i < c->n_items; i++) {
        m->items[i] = arena_str(m->s->d->rq->a, c->items[i].id);
    }
    return OK;
}

/* ---- steps of people ---- */

static const struct consilium_args no_args;

static enum err part(struct req *rq, struct tx *tx, void *ctx)
{
    const struct meeting *m = ctx;
    return consilium_part(rq, tx, m->id, str_z(m->action), &no_args);
}

static enum err move(struct req *rq, struct tx *tx, void *ctx)
{
    const struct meeting *m = ctx;
    return consilium_move(rq, tx, m->id, str_z(m->action), &no_args);
}

static enum err item_move(struct req *rq, struct tx *tx, void *ctx)
{
    const struct meeting *m = ctx;
    return consilium_item_move(rq, tx, m->item, str_z(m->action), &no_args);
}

static enum err opinion(struct req *rq, struct tx *tx, void *ctx)
{
    const struct meeting *m = ctx;
    return consilium_opinion(rq, tx, m->item, rq->who->person, m->text, S(DEMO_PASSWORD));
}

static enum err talk(struct req *rq, struct tx *tx, void *ctx)
{
    const struct meeting *m = ctx;
    return consilium_say(rq, tx, m->item, m->text);
}

static enum err dissent(struct req *rq, struct tx *tx, void *ctx)
{
    const struct meeting *m = ctx;
    return consilium_dissent(rq, tx, m->item, m->text);
}

static enum err write(struct req *rq, struct tx *tx, void *ctx)
{
    const struct meeting *m = ctx;
    return protocol_save(rq, tx, m->item, &(struct fields){protocol, LEN(protocol)}, 0);
}

static enum err present(struct req *rq, struct tx *tx, void *ctx)
{
    const struct meeting *m = ctx;
    return protocol_present(rq, tx, m->item, m->s->d->base_url, 1);
}

static enum err sign(struct req *rq, struct tx *tx, void *ctx)
{
    const struct meeting *m = ctx;
    struct consilium *c = ARENA_NEW(rq->a, struct consilium);
    struct consilium_item *item = NULL;
    struct str bytes;
    char sha[65];

    TRY_MEM(rq, c);
    TRY(consilium_open_item(rq, m->item, AUDIT_READ, c, &item));
    TRY(protocol_bytes(rq, item, &bytes, sha));
    struct sign_means means = {.password = S(DEMO_PASSWORD)};
    return protocol_sign(rq, tx, m->item, str_z(sha), &means);
}

/* ---- the course of it ---- */

static enum err does(struct meeting *m, const char *login, int minutes, stage_fn fn,
                     const char *action)
{
    m->action = action;
    return stage_act(m->s->d, login, before(m, minutes), fn, m);
}

static enum err gather(struct meeting *m)
{
    TRY(does(m, STAGE_HOSPITAL, CALLED_MIN, call, ""));
    TRY(does(m, STAGE_HOSPITAL, CALLED_MIN - 4, add, ""));
    TRY(does(m, STAGE_HOSPITAL, CALLED_MIN - 5, find_items, ""));
    for (size_t i = 0; i < LEN(members); i++) {
        TRY(does(m, members[i], CALLED_MIN - 20 - 7 * (int)i, part, "accept"));
    }
    TRY(does(m, STAGE_HOSPITAL, START_MIN + 10, move, "convene"));
    return does(m, members[0], START_MIN, move, "begin");
}

static enum err speak(struct meeting *m, struct str item, const struct str *texts, int minutes)
{
    m->item = item;
    for (size_t i = 0; i < LEN(members); i++) {
        m->text = texts[i];
        if (m->text.n > 0) {
            TRY(does(m, members[i], minutes - (int)i, opinion, ""));
        }
    }
    return OK;
}

static enum err decide(struct meeting *m)
{
    TRY(speak(m, m->items[DECIDED], opinions, START_MIN - 4));
    m->text = S("Материал можно везти утренним рейсом: успевает в лабораторию в тот же день.");
    TRY(does(m, STAGE_HOSPITAL, 30, talk, ""));
    TRY(does(m, STAGE_HOSPITAL, 28, write, ""));
    TRY(does(m, members[0], 26, item_move, "draft"));
    m->text = S("Настаиваю на биопсии в областном центре: без патоморфолога на месте велик риск "
                "потери материала.");
    TRY(does(m, members[LEN(members) - 1], 24, dissent, ""));
    TRY(does(m, members[0], 22, present, ""));
    for (size_t i = 0; i < LEN(members); i++) {
        TRY(does(m, members[i], 20 - (int)i, sign, ""));
    }
    return OK;
}

enum err stage_consilium(struct stage *s)
{
    static const enum demo_do steps[] = {DO_SUBMIT, DO_ALLOCATE, DO_ACCEPT};
    struct meeting *m = ARENA_NEW(s->d->rq->a, struct meeting);

    TRY_MEM(s->d->rq, m);
    *m = (struct meeting){.s = s};
    for (size_t i = 0; i < LEN(agenda); i++) {
        TRY(play_case(s, agenda[i].story, s->d->now.ms - ASKED_HOURS * MS_HOUR, steps, LEN(steps),
                      &m->cases[i]));
    }
    TRY(gather(m));
    TRY(decide(m));
    TRY(speak(m, m->items[HELD], held, 12));
    m->text = S("Диурез за последние шесть часов 400 мл, калий 4,3 ммоль/л, давление 118/70.");
    return does(m, STAGE_HOSPITAL, 8, talk, "");
}

/* ---- what came before, and the emergency ---- */

enum err stage_past(struct stage *s)
{
    static const enum demo_do steps[] = {DO_SUBMIT, DO_ALLOCATE, DO_ACCEPT, DO_ANSWER, DO_RECEIVE,
                                         DO_REPORT, DO_CLOSE};
    struct demo_case *c = ARENA_NEW(s->d->rq->a, struct demo_case);

    TRY_MEM(s->d->rq, c);
    *c = (struct demo_case){.patient = s->patients[STAGE_NOW]};
    return play_case(s, &demo_story_cardiology[1], s->d->now.ms - PAST_DAYS * MS_DAY, steps,
                     LEN(steps), c);
}

enum err stage_emergency(struct stage *s)
{
    static const enum demo_do steps[] = {DO_SUBMIT};
    struct demo_case *c = ARENA_NEW(s->d->rq->a, struct demo_case);

    TRY_MEM(s->d->rq, c);
    *c = (struct demo_case){.n_steps = 0};
    /* Not the start of the fill, but its end: it rings as long as it can. */
    return play_case(s, &demo_story_neurology[0], os_now().ms, steps, LEN(steps), c);
}
