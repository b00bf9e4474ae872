/* app/demo_story_women.c - stories of obstetrics and of oncology. */
#include "app/demo_story.h"

/* ---- obstetrics ---- */

static const struct demo_field preeclampsia_request[] = {
    {"complaints", "Головная боль в висках, мелькание мушек перед глазами, отёки лица и рук второй "
                   "день."},
    {"history", "Беременность вторая, на учёте с 9 недель. Давление повышается с 32 недель, принимает "
                "метилдопу. Сегодня на приёме давление выше обычного, появилась головная боль."},
    {"past", "Первые роды в срок, без осложнений. Хронических заболеваний нет."},
    {"status", "Состояние средней тяжести. Отёки лица, кистей, голеней. Матка в нормотонусе, положение "
               "плода продольное, предлежание головное. Шевеления ощущает. Выделений нет. Рефлексы "
               "живые."},
    {"vitals.measured-at", "@-20m"},
    {"vitals.heart-rate", "88~10"},
    {"vitals.respiratory-rate", "18~2"},
    {"vitals.spo2", "97~1"},
    {"vitals.temperature", "36.7~2"},
    {"vitals.systolic", "162~8"},
    {"vitals.diastolic", "106~5"},
    {"vitals.height", "163~6"},
    {"vitals.weight", "81~8"},
    {"vitals.gestational-age", "35~1"},
    {"vitals.fetal-heart-rate", "144~10"},
    {"obst.state", "preg"},
    {"obst.gravida", "2"},
    {"obst.para", "1"},
    {"obst.fetuses", "fetus-1"},
    {"obst.danger-signs", "ob-headache"},
    {"obst.danger-signs", "ob-vision"},
    {"obst.fetal-movement", "fm-normal"},
    {"obst.urine-protein", "up-2"},
    {"obst.membranes", "water-whole"},
    {"tests.name[0]", "Общий анализ крови"},
    {"tests.date[0]", "@-0d"},
    {"tests.result[0]", "Гемоглобин 112 г/л, тромбоциты 158×10⁹/л"},
    {"tests.name[1]", "АЛТ, АСТ, креатинин"},
    {"tests.date[1]", "@-0d"},
    {"tests.result[1]", "АЛТ 34 Ед/л, АСТ 38 Ед/л, креатинин 74 мкмоль/л"},
    {"treatment", "Нифедипин 10 мг внутрь, магния сульфат нагрузочная доза начата, мочевой катетер."},
    {"allergies.known", "allergy-none"},
    {NULL, NULL}};
static const struct demo_field preeclampsia_conclusion[] = {
    {"examined.what", "seen-extract"},
    {"examined.what", "seen-lab"},
    {"answerable", "answer-full"},
    {"findings", "Беременность 35 недель, тяжёлая преэклампсия: высокое давление с протеинурией, "
                 "головной "
                 "болью и зрительными симптомами. Лабораторных признаков HELLP-синдрома на момент "
                 "осмотра "
                 "нет. Сердцебиение плода в норме."},
    {"diagnosis.code", "O14.1 Тяжёлая преэклампсия"},
    {"diagnosis.certainty", "dx-sure"},
    {"obst.risk", "risk-high"},
    {"obst.level", "level-3"},
    {"obst.birth-plan", "birth-section"},
    {"obst.monitoring", "Давление каждые 15 минут, диурез по часам, рефлексы, дыхание, КТГ непрерывно."},
    {"recommend.treatment", "Продолжить магния сульфат поддерживающей инфузией, давление снижать "
                            "постепенно. "
                            "Стабилизация, затем родоразрешение в перинатальном центре. Ограничение "
                            "инфузии, утеротоники по протоколу без метилэргометрина."},
    {"recommend.tests", "Тромбоциты, АЛТ, АСТ, креатинин каждые 6 часов; коагулограмма; группа крови."},
    {"recommend.route", "route-emergency"},
    {"recommend.route-text", "Перевод в перинатальный центр третьего уровня с реанимационной "
                             "бригадой после "
                             "стабилизации давления, на фоне магнезии."},
    {"recommend.watch", "Судороги, боль в эпигастрии, кровотечение, снижение диуреза, угнетение "
                        "рефлексов."},
    {NULL, NULL}};

static const struct demo_field anaemia_request[] = {
    {"complaints", "Holsizlik, tez charchash, bosh aylanishi, yurganda nafas qisilishi."},
    {"history", "Homiladorlik uchinchi, 12 haftadan hisobda. Oxirgi bir oy ichida holsizlik "
                "kuchaygan. Temir "
                "preparatini ichimlik koʻrinishida toʻrt hafta qabul qilgan, koʻngil aynishi "
                "sababli toʻliq "
                "dozada ichmagan."},
    {"past", "Avvalgi ikki tugʻruq muddatida, asoratsiz. Tugʻruqlar orasi bir yil."},
    {"status", "Ahvoli qoniqarli. Teri va shilliq qavatlar rangpar. Yurak tonlari ritmik, "
               "choʻqqida yumshoq "
               "sistolik shovqin. Bachadon tonusi meʼyorda, homila boʻylama, boshi bilan joylashgan."},
    {"vitals.measured-at", "@-2h"},
    {"vitals.heart-rate", "98~8"},
    {"vitals.respiratory-rate", "18~2"},
    {"vitals.spo2", "97~1"},
    {"vitals.temperature", "36.6~2"},
    {"vitals.systolic", "106~8"},
    {"vitals.diastolic", "66~6"},
    {"vitals.weight", "62~6"},
    {"vitals.gestational-age", "29~2"},
    {"vitals.fetal-heart-rate", "142~8"},
    {"obst.state", "preg"},
    {"obst.gravida", "3"},
    {"obst.para", "2"},
    {"obst.fetuses", "fetus-1"},
    {"obst.danger-signs", "none"},
    {"obst.fetal-movement", "fm-normal"},
    {"obst.urine-protein", "up-neg"},
    {"obst.membranes", "water-whole"},
    {"tests.name[0]", "Umumiy qon tahlili"},
    {"tests.date[0]", "@-3d"},
    {"tests.result[0]", "Gemoglobin 76 g/l, eritrotsitlar 3,1×10¹²/l, MCV 71 fl"},
    {"tests.name[1]", "Ferritin"},
    {"tests.date[1]", "@-3d"},
    {"tests.result[1]", "6 mkg/l"},
    {"treatment", "Temir preparati ichishga, foliy kislotasi."},
    {"allergies.known", "allergy-none"},
    {NULL, NULL}};
static const struct demo_field anaemia_conclusion[] = {
    {"examined.what", "seen-extract"},
    {"examined.what", "seen-lab"},
    {"answerable", "answer-full"},
    {"findings", "Homiladorlikning ikkinchi yarmida temir tanqisligi kamqonligi, oʻrta ogʻir daraja. "
                 "Ichimlik preparatlarini koʻtara olmaslik va muddat hisobga olinsa, vena ichiga temir "
                 "yuborish asosli."},
    {"diagnosis.code", "O99.0 Homiladorlikdagi kamqonlik"},
    {"diagnosis.certainty", "dx-sure"},
    {"obst.risk", "risk-medium"},
    {"obst.level", "level-2"},
    {"obst.birth-plan", "birth-wait"},
    {"obst.monitoring", "Gemoglobin har ikki haftada, homila harakati kundaligi."},
    {"recommend.treatment", "Tuman shifoxonasida vena ichiga temir preparatini bosqichma-bosqich "
                            "yuborish, "
                            "foliy kislotasini davom ettirish. Ovqatlanish boʻyicha maslahat."},
    {"recommend.tests", "Ikki haftadan soʻng umumiy qon tahlili va retikulotsitlar, B12 vitamini."},
    {"recommend.route", "route-stay"},
    {"recommend.route-text", "Davolash tuman shifoxonasida, kunduzgi statsionarda."},
    {"recommend.repeat-at", "@+336h"},
    {"recommend.watch", "Nafas qisilishi kuchaysa, hushdan ketish yoki qon ketish boʻlsa, "
                        "shoshilinch yordam."},
    {NULL, NULL}};

const struct demo_story demo_story_obstetrics[] = {
    {.profile = "obstetrics", .lang = LANG_RU, .urgency = "emergency", .sex = 'f',
     .age_lo = DEMO_YEARS(20), .age_hi = DEMO_YEARS(38), .consent = "written",
     .diagnosis = "O14.1 Тяжёлая преэклампсия", .co = NULL,
     .question = "Тяжёлая преэклампсия, 35 недель. Какова тактика стабилизации и когда безопасно "
                 "перевозить в перинатальный центр?",
     .request = preeclampsia_request,
     .message = "Какой диурез за последний час и есть ли боль в эпигастрии?",
     .reply = "Диурез 45 мл за час, боли в эпигастрии нет.",
     .ask_data = "Пришлите коагулограмму и повторные тромбоциты.",
     .give_data = "Коагулограмма в норме, тромбоциты повторно 151×10⁹/л.",
     .conclusion = preeclampsia_conclusion,
     .correct_reason = "Исправлен объём лабораторного контроля.",
     .corrected = {"recommend.tests", "Тромбоциты, АЛТ, АСТ, креатинин каждые 4 часа; "
                                      "коагулограмма; группа "
                                      "крови и резус-фактор."},
     .outcome_code = "transferred",
     .outcome = "Давление стабилизировано, переведена в перинатальный центр. Родоразрешена, мать и "
                "новорождённый в удовлетворительном состоянии.",
     .files = FILE_US | FILE_LAB},
    {.profile = "obstetrics", .lang = LANG_UZ, .urgency = "planned", .sex = 'f',
     .age_lo = DEMO_YEARS(19), .age_hi = DEMO_YEARS(36), .consent = "written",
     .diagnosis = "O99.0 Homiladorlikdagi kamqonlik", .co = "D50 Temir tanqisligi kamqonligi",
     .question = "Ichimlik temir preparatlari yordam bermayapti. Vena ichiga temir yuborish "
                 "kerakmi va qayerda "
                 "davolash maqsadga muvofiq?",
     .request = anaemia_request,
     .message = "Oʻtgan homiladorliklarda qon quyilganmi?",
     .reply = "Yoʻq, qon quyilmagan.",
     .ask_data = "Iltimos, B12 vitamini va umumiy oqsil natijalarini yuboring.",
     .give_data = "Umumiy oqsil 66 g/l. B12 tahlili uchun namuna yuborildi.",
     .conclusion = anaemia_conclusion,
     .correct_reason = "Nazorat muddati aniqlashtirildi.",
     .corrected = {"obst.monitoring", "Gemoglobin har hafta, homila harakati kundaligi."},
     .outcome_code = "improved",
     .outcome = "Vena ichiga temir yuborildi, gemoglobin uch haftada 98 g/l gacha koʻtarildi.",
     .files = FILE_LAB | FILE_US},
};

/* ---- oncology ---- */

static const struct demo_field melanoma_request[] = {
    {"complaints", "Тёмное пятно на коже голени, за полгода увеличилось вдвое, месяц назад стало "
                   "зудеть."},
    {"history", "Родинка существует много лет. Изменение формы и цвета заметила дочь. Травмы не было, "
                "периодически кровит при касании одеждой."},
    {"past", "Гипертензия. Солнечные ожоги в молодости. Онкологических заболеваний в семье не знает."},
    {"status", "На задней поверхности правой голени асимметричное образование с неровным краем, "
               "неоднородной окраски, выступает над кожей. Паховые лимфоузлы не увеличены."},
    {"vitals.measured-at", "@-3h"},
    {"vitals.heart-rate", "76~8"},
    {"vitals.temperature", "36.6~2"},
    {"vitals.systolic", "134~12"},
    {"vitals.diastolic", "82~7"},
    {"vitals.weight", "72~10"},
    {"vitals.pain", "1"},
    {"onco.site", "Кожа правой голени"},
    {"onco.biopsy", "bx-no"},
    {"onco.stage", "unknown"},
    {"onco.ecog", "ecog-0"},
    {"onco.treated", "none"},
    {"tests.name[0]", "УЗИ паховых лимфоузлов"},
    {"tests.date[0]", "@-4d"},
    {"tests.result[0]", "Лимфоузлы обычной структуры, до 9 мм"},
    {"treatment", "Не проводилось."},
    {"allergies.known", "allergy-none"},
    {NULL, NULL}};
static const struct demo_field melanoma_conclusion[] = {
    {"examined.what", "seen-extract"},
    {"examined.what", "seen-photo"},
    {"answerable", "answer-part"},
    {"findings", "По фотографии асимметричное пигментное образование с неровным краем и "
                 "неоднородной окраской, "
                 "рост в динамике. Подозрение на меланому кожи высокое."},
    {"cannot-answer", "Диагноз возможен только после гистологического исследования."},
    {"diagnosis.code", "C43 Меланома кожи"},
    {"diagnosis.certainty", "dx-question"},
    {"onco.stage", "undetermined"},
    {"onco.aim", "aim-radical"},
    {"onco.board", "no"},
    {"recommend.treatment", "Не прижигать, не удалять лазером, не выполнять частичную биопсию на месте. "
                            "Эксцизионная биопсия в областном онкологическом центре."},
    {"recommend.tests", "Дерматоскопия очно, УЗИ регионарных лимфоузлов, рентгенография грудной клетки, "
                        "общий анализ крови."},
    {"recommend.route", "route-outpatient"},
    {"recommend.route-text", "Приём онколога областного центра вне очереди в течение недели."},
    {"recommend.repeat-at", "@+240h"},
    {"recommend.watch", "Кровоточивость, быстрый рост, увеличение лимфоузлов."},
    {"limits.kind", "limit-person"},
    {"limits.text", "Пальпация и дерматоскопия дистанционно невозможны."},
    {NULL, NULL}};

static const struct demo_field breast_request[] = {
    {"complaints", "Сол жақ сүт безінде түйін, ауырмайды, екі ай бұрын байқаған."},
    {"history", "Түйін біртіндеп ұлғайған. Емшектен бөлінді жоқ. Маммография аудандық ауруханада "
                "жасалды, "
                "күдікті түзіліс табылды."},
    {"past", "Екі рет босанған, балаларын емізген. Анасының апасында сүт безінің қатерлі ісігі болған."},
    {"status", "Жағдайы қанағаттанарлық. Сол сүт безінің жоғарғы сыртқы квадрантында тығыз, "
               "шекарасы анық "
               "емес түйін, тері өзгермеген. Қолтық асты лимфа түйіндері пальпацияда 1 см дейін, "
               "жылжымалы."},
    {"vitals.measured-at", "@-2h"},
    {"vitals.heart-rate", "74~8"},
    {"vitals.temperature", "36.6~2"},
    {"vitals.systolic", "126~10"},
    {"vitals.diastolic", "80~6"},
    {"vitals.height", "162~5"},
    {"vitals.weight", "69~9"},
    {"vitals.pain", "0"},
    {"onco.site", "Сол жақ сүт безі"},
    {"onco.biopsy", "bx-wait"},
    {"onco.stage", "unknown"},
    {"onco.ecog", "ecog-0"},
    {"onco.treated", "none"},
    {"tests.name[0]", "Маммография"},
    {"tests.date[0]", "@-6d"},
    {"tests.result[0]", "BI-RADS 4, жоғарғы сыртқы квадрантта 18 мм түзіліс"},
    {"tests.name[1]", "Қолтық асты лимфа түйіндерінің УДЗ"},
    {"tests.date[1]", "@-5d"},
    {"tests.result[1]", "Құрылымы сақталған, 11 мм дейін"},
    {"treatment", "Ем жүргізілген жоқ."},
    {"allergies.known", "allergy-none"},
    {NULL, NULL}};
static const struct demo_field breast_conclusion[] = {
    {"examined.what", "seen-extract"},
    {"examined.what", "seen-images"},
    {"answerable", "answer-part"},
    {"findings", "Сипаттама бойынша сол жақ сүт безінде қатерлі болуы мүмкін түзіліс. Аймақтық "
                 "лимфа түйіндері "
                 "өзгермеген."},
    {"cannot-answer", "Трепан-биопсия нәтижесінсіз емдеу жоспарын құру мүмкін емес."},
    {"diagnosis.code", "C50 Сүт безінің қатерлі ісігі"},
    {"diagnosis.certainty", "dx-question"},
    {"onco.stage", "undetermined"},
    {"onco.aim", "undetermined"},
    {"onco.board", "yes"},
    {"recommend.treatment", "Биопсия нәтижесі шыққанша физиотерапия мен гормондық дәрілер "
                            "тағайындалмасын."},
    {"recommend.tests", "Трепан-биопсия иммуногистохимиямен, кеуде және құрсақ қуысының КТ, қанның "
                        "жалпы және "
                        "биохимиялық талдауы."},
    {"recommend.route", "route-outpatient"},
    {"recommend.route-text", "Облыстық онкологиялық орталықтың маммологына жеті күн ішінде жіберу, "
                             "одан кейін "
                             "мультидисциплинарлық топта талқылау."},
    {"recommend.repeat-at", "@+336h"},
    {"recommend.watch", "Тері өзгерісі, бөлінді немесе қолтық астында түйін ұлғайса, кезексіз қаралсын."},
    {NULL, NULL}};

const struct demo_story demo_story_oncology[] = {
    {.profile = "oncology", .lang = LANG_RU, .urgency = "planned", .sex = '-',
     .age_lo = DEMO_YEARS(46), .age_hi = DEMO_YEARS(74), .consent = "written",
     .diagnosis = "C43 Меланома кожи, подозрение", .co = "I10 Артериальная гипертензия",
     .question = "Изменившееся пигментное образование голени. Похоже ли на меланому и где безопасно "
                 "выполнить биопсию?",
     .request = melanoma_request,
     .message = "Есть ли фотография рядом с линейкой?",
     .reply = "Да, она приложена вторым файлом.",
     .ask_data = "Пришлите, пожалуйста, фотографию крупным планом при дневном свете с линейкой.",
     .give_data = "Фотография с линейкой добавлена, размер образования 14 на 9 мм.",
     .conclusion = melanoma_conclusion,
     .correct_reason = "Уточнён срок очного приёма.",
     .corrected = {"recommend.route-text", "Приём онколога областного центра вне очереди в течение "
                                           "трёх дней."},
     .outcome_code = "transferred",
     .outcome = "Принята онкологом через четыре дня, выполнена эксцизионная биопсия, результат "
                "ожидается.",
     .files = FILE_SKIN | FILE_LAB},
    {.profile = "oncology", .lang = LANG_KK, .urgency = "planned", .sex = 'f',
     .age_lo = DEMO_YEARS(41), .age_hi = DEMO_YEARS(69), .consent = "written",
     .diagnosis = "C50 Сүт безінің қатерлі ісігі, күдік", .co = NULL,
     .question = "Маммографияда күдікті түзіліс бар. Қандай тексеру қажет және пациентті қайда "
                 "жіберген дұрыс?",
     .request = breast_request,
     .message = "Маммография суреттерін екі проекцияда жібере аласыз ба?",
     .reply = "Иә, екеуі де тіркелді.",
     .ask_data = "Биопсия нәтижесінің күнін және зертхана атауын жазыңыз.",
     .give_data = "Биопсия кеше алынды, нәтиже он күннен кейін дайын болады.",
     .conclusion = breast_conclusion,
     .correct_reason = "Тексеру тізімі толықтырылды.",
     .corrected = {"recommend.tests", "Трепан-биопсия иммуногистохимиямен, кеуде және құрсақ "
                                      "қуысының КТ, сүйек "
                                      "сцинтиграфиясы, қанның жалпы және биохимиялық талдауы."},
     .outcome_code = "unchanged",
     .outcome = "Пациент облыстық орталықта қаралды, биопсия нәтижесі күтілуде.",
     .files = FILE_LAB | FILE_US},
};
