/* app/demo_names.c - made-up names in the languages of the region, and the throws they come from. */
#include "app/demo.h"

uint64_t dice_next(struct demo_dice *d)
{
    d->state += UINT64_C(0x9e3779b97f4a7c15);
    uint64_t z = d->state;
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint32_t dice_roll(struct demo_dice *d, uint32_t n)
{
    return (uint32_t)((dice_next(d) >> 16) % n);
}

int64_t dice_between(struct demo_dice *d, int64_t lo, int64_t hi)
{
    return hi <= lo ? lo : lo + (int64_t)(dice_next(d) % (uint64_t)(hi - lo + 1));
}

enum { POOL = 14 };

/* Names of one language; a woman's family name and patronymic get their endings. */
struct pool {
    const char *family[POOL], *male[POOL], *female[POOL], *father[POOL];
    const char *family_f;        /* ending of a woman's family name */
    const char *son, *daughter;  /* endings of the patronymic */
};

/* clang-format off */
static const struct pool russian = {
    {"Соколов", "Лебедев", "Морозов", "Воробьёв", "Ершов", "Калинин", "Белов", "Гусев", "Тихонов", "Орлов", "Зимин", "Рябинин", "Щеглов", "Ковалёв"},
    {"Алексей", "Дмитрий", "Николай", "Сергей", "Андрей", "Виктор", "Павел", "Иван", "Михаил", "Юрий", "Артём", "Константин", "Фёдор", "Пётр"},
    {"Анна", "Ольга", "Наталья", "Елена", "Татьяна", "Светлана", "Мария", "Людмила", "Ирина", "Алёна", "Вера", "Надежда", "Ксения", "Галина"},
    {"Александр", "Иван", "Владимир", "Павлин", "Степан", "Богдан", "Роман", "Фёдор", "Семён", "Виктор", "Борис", "Егор", "Максим", "Леонид"},
    "а", "ович", "овна"};
static const struct pool kazakh = {
    {"Жұмабаев", "Әбдірахманов", "Қасымов", "Нұрланов", "Өтегенов", "Ысқақов", "Сәрсенбаев", "Оспанов", "Төлегенов", "Бейсенов", "Қалиев", "Ахметов", "Есенов", "Мұқанов"},
    {"Айдос", "Ерлан", "Нұрлан", "Бекзат", "Дәурен", "Қайрат", "Мәди", "Ғалым", "Өмірбек", "Жандос", "Асқар", "Тимур", "Әлихан", "Санжар"},
    {"Айгүл", "Әлия", "Гүлнәр", "Жанар", "Қарлығаш", "Мөлдір", "Сәуле", "Ұлжан", "Ғалия", "Назерке", "Меруерт", "Аружан", "Динара", "Бибігүл"},
    {"Серік", "Марат", "Болат", "Қуаныш", "Ербол", "Талғат", "Бауыржан", "Нұржан", "Сәкен", "Әділ", "Мұрат", "Жақсылық", "Қанат", "Тілеген"},
    "а", "ұлы", "қызы"};
static const struct pool uzbek = {
    {"Karimov", "Yoʻldoshev", "Rahimov", "Toʻraqulov", "Gʻaniyev", "Saidov", "Ismoilov", "Qodirov", "Nazarov", "Ergashev", "Xolmatov", "Oripov", "Sobirov", "Mirzayev"},
    {"Jasur", "Oybek", "Sherzod", "Ulugʻbek", "Botir", "Dilshod", "Rustam", "Akmal", "Bobur", "Sardor", "Otabek", "Shavkat", "Umid", "Farrux"},
    {"Dilnoza", "Gulnora", "Nigora", "Feruza", "Zulfiya", "Mohira", "Sevara", "Shahnoza", "Malika", "Oydin", "Nodira", "Barno", "Lola", "Zarina"},
    {"Anvar", "Baxtiyor", "Jamshid", "Rustam", "Olim", "Shuhrat", "Gʻayrat", "Odil", "Alisher", "Hamid", "Tohir", "Zafar", "Ravshan", "Komil"},
    "a", " oʻgʻli", " qizi"};

static const char *const districts[DEMO_HOSPITALS] = {
    "Алтынсай", "Белбулак", "Жарсай", "Караозек", "Кокжиде", "Майтобе", "Сарыкамыс", "Тасарык",
    "Теректісай", "Ұзынкөл", "Ынтымақты", "Navbahor"};
static const char *const villages[] = {
    "Заречное", "Ключевое", "Степное", "Берёзовка", "Новый Путь", "Луговое", "Каменка", "Родниковое",
    "Ақбұлақ", "Көктерек", "Тасөткел", "Gulbahor", "Отрадное", "Тополёвка", "Сосновка", "Озёрное",
    "Полевое", "Вишнёвка", "Ручьи", "Мирное", "Жаңаталап", "Бесарал", "Қарасу", "Oqtepa",
    "Светлый Яр", "Дальнее", "Медовое", "Приозёрное", "Нагорное", "Раздольное", "Малиновка", "Подгорное",
    "Талдыөзек", "Егіндібұлақ", "Шолаққорған", "Yangiariq", "Восточное", "Гранитное", "Долинное", "Журавлёвка",
    "Ивановка-2", "Курганное", "Лесное", "Маячное", "Аққайың", "Мойынқұм-2", "Саржайлау", "Chinorli",
    "Новосветловка", "Околица", "Песчаное", "Речное", "Солонцы", "Таволга", "Узорное", "Филинка",
    "Үшарал", "Байтерек", "Құмкент", "Bogʻishamol", "Холмы", "Целинное", "Черёмушки", "Ясное",
    "Кедровое", "Ольховка", "Рябиновка", "Снежное", "Домбыралы", "Жусансай", "Итмұрын", "Zarbdor",
    "Тёплый Ключ", "Уютное", "Хлебное", "Широкое", "Звонкое", "Лазурное", "Майское", "Июньское"};
/* clang-format on */

const char *demo_district(uint32_t i)
{
    return districts[i % DEMO_HOSPITALS];
}

const char *demo_village(uint32_t i)
{
    return villages[i % LEN(villages)];
}

enum lang demo_district_lang(uint32_t i)
{
    return i == DEMO_HOSPITALS - 1 ? LANG_UZ : i >= 8 && i < DEMO_HOSPITALS ? LANG_KK : LANG_RU;
}

static struct str join(struct req *rq, const char *word, const char *ending)
{
    struct buf b;

    buf_init(&b, rq->a, 160);
    buf_str(&b, str_z(word));
    buf_str(&b, str_z(ending));
    return buf_get(&b);
}

enum err demo_name(struct req *rq, struct demo_dice *d, enum lang lang, bool female,
                   struct demo_name *ret_name)
{
    const struct pool *p = lang == LANG_UZ ? &uzbek : lang == LANG_KK ? &kazakh : &russian;
    struct demo_name n = {
        .family = join(rq, p->family[dice_roll(d, POOL)], female ? p->family_f : ""),
        .given = str_z(female ? p->female[dice_roll(d, POOL)] : p->male[dice_roll(d, POOL)]),
        .middle = join(rq, p->father[dice_roll(d, POOL)], female ? p->daughter : p->son)};

    if (n.family.n == 0 || n.middle.n == 0) {
        return FAIL(rq, E_TOO_LARGE, "memory cap");
    }
    *ret_name = n;
    return OK;
}
