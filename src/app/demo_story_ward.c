/* app/demo_story_ward.c - stories of intensive care and of internal medicine. */
#include "app/demo_story.h"

/* ---- intensive care ---- */

static const struct demo_field sepsis_request[] = {
    {"complaints", "Собрать жалобы невозможно: оглушение. Со слов сопровождающих: озноб и боль в "
                   "пояснице три "
                   "дня."},
    {"history", "Найден в тяжёлом состоянии, доставлен скорой помощью. В приёмном отделении низкое "
                "давление, "
                "температура выше 39 °C, мочи почти нет."},
    {"past", "Неизвестно."},
    {"status", "Состояние крайне тяжёлое. Оглушение, кожа мраморная, конечности холодные. Дыхание "
               "жёсткое. "
               "Тахикардия. Живот мягкий, болезненность при поколачивании по пояснице справа. Моча "
               "мутная по "
               "катетеру."},
    {"vitals.measured-at", "@-10m"},
    {"vitals.heart-rate", "126~10"},
    {"vitals.respiratory-rate", "28~3"},
    {"vitals.spo2", "92~2"},
    {"vitals.temperature", "39.2~5"},
    {"vitals.systolic", "82~8"},
    {"vitals.diastolic", "46~5"},
    {"vitals.mean-pressure", "58~4"},
    {"vitals.gcs", "12~1"},
    {"vitals.fio2", "40~5"},
    {"vitals.oxygen-flow", "8.0~20"},
    {"vitals.pao2", "68~6"},
    {"vitals.lactate", "4.6~12"},
    {"vitals.glucose", "9.8~15"},
    {"icu.breathing", "air-oxygen"},
    {"icu.vasoactive", "va-norepinephrine"},
    {"icu.vasoactive-dose", "0,15 мкг/кг/мин, растёт"},
    {"icu.urine-24h", "250~100"},
    {"icu.access", "acc-central"},
    {"icu.access", "acc-urine"},
    {"icu.sedation", "sed-none"},
    {"icu.transport", "move-team"},
    {"tests.name[0]", "Общий анализ крови"},
    {"tests.date[0]", "@-0d"},
    {"tests.result[0]", "Лейкоциты 22,4×10⁹/л, тромбоциты 96×10⁹/л"},
    {"tests.name[1]", "Креатинин, билирубин"},
    {"tests.date[1]", "@-0d"},
    {"tests.result[1]", "Креатинин 248 мкмоль/л, билирубин 31 мкмоль/л"},
    {"treatment", "Кристаллоиды 1500 мл, норэпинефрин, цефтриаксон 2 г, посевы крови и мочи взяты до "
                  "антибиотика."},
    {"allergies.known", "allergy-unknown"},
    {NULL, NULL}};
static const struct demo_field sepsis_conclusion[] = {
    {"examined.what", "seen-extract"},
    {"examined.what", "seen-lab"},
    {"examined.what", "seen-colleague"},
    {"answerable", "answer-full"},
    {"findings", "Септический шок, вероятный источник: мочевые пути с обструкцией справа. Полиорганная "
                 "дисфункция: сосудистая, почечная, гематологическая."},
    {"diagnosis.code", "R57.2 Септический шок"},
    {"diagnosis.certainty", "dx-likely"},
    {"diagnosis.other", "N17 Острое повреждение почек"},
    {"icu.severity", "sev-critical"},
    {"icu.sofa", "10"},
    {"icu.transport", "move-team"},
    {"icu.targets", "Среднее давление не ниже 65 мм рт. ст., диурез от 0,5 мл/кг/ч, лактат в снижении."},
    {"recommend.treatment", "Продолжить инфузию под контролем реакции на нагрузку, норэпинефрин "
                            "титровать, "
                            "при росте дозы добавить гидрокортизон. Расширить антибактериальную терапию "
                            "карбапенемом с учётом функции почек. Срочно УЗИ почек и дренирование при "
                            "обструкции."},
    {"recommend.tests", "Лактат каждые 2 часа, КЩС, коагулограмма, прокальцитонин, УЗИ почек и живота."},
    {"recommend.route", "route-air"},
    {"recommend.route-text", "Санитарная авиация в реанимацию областного центра после начальной "
                             "стабилизации; "
                             "при обструкции дренирование до перевода, если есть уролог."},
    {"recommend.watch", "Рост дозы вазопрессора, угнетение сознания, сатурация ниже 90%."},
    {"limits.kind", "limit-data"},
    {NULL, NULL}};

static const struct demo_field trauma_request[] = {
    {"complaints", "Без сознания после дорожно-транспортного происшествия."},
    {"history", "Пассажир легкового автомобиля, столкновение около двух часов назад. На месте ГКШ "
                "7 баллов, "
                "интубирован бригадой скорой помощи."},
    {"past", "Неизвестно."},
    {"status", "ИВЛ, седация. Зрачки S=D, реакция вялая. Гематома правой височной области. Дыхание слева "
               "ослаблено, подкожной эмфиземы нет. Живот не вздут. Деформация левой голени, шина."},
    {"vitals.measured-at", "@-15m"},
    {"vitals.heart-rate", "112~10"},
    {"vitals.respiratory-rate", "16~2"},
    {"vitals.spo2", "95~2"},
    {"vitals.temperature", "35.8~4"},
    {"vitals.systolic", "102~8"},
    {"vitals.diastolic", "62~6"},
    {"vitals.mean-pressure", "75~5"},
    {"vitals.gcs", "7"},
    {"vitals.fio2", "50~10"},
    {"vitals.lactate", "3.1~8"},
    {"vitals.glucose", "8.9~12"},
    {"vitals.weight", "75~8"},
    {"icu.breathing", "air-tube"},
    {"icu.ventilator", "Контроль по объёму: 6 мл/кг, частота 16, PEEP 6, FiO₂ 0,5"},
    {"icu.vasoactive", "none"},
    {"icu.access", "acc-peripheral"},
    {"icu.access", "acc-urine"},
    {"icu.sedation", "sed-deep"},
    {"icu.transport", "move-team"},
    {"tests.name[0]", "КТ головы"},
    {"tests.date[0]", "@-0d"},
    {"tests.result[0]", "Гиперденсное линзовидное образование справа, смещение срединных структур 6 мм"},
    {"tests.name[1]", "FAST-протокол"},
    {"tests.date[1]", "@-0d"},
    {"tests.result[1]", "Свободной жидкости нет"},
    {"treatment", "ИВЛ, седация пропофолом, транексамовая кислота 1 г, дренаж плевральной полости слева, "
                  "шина на голень."},
    {"allergies.known", "allergy-unknown"},
    {NULL, NULL}};
static const struct demo_field trauma_conclusion[] = {
    {"examined.what", "seen-extract"},
    {"examined.what", "seen-images"},
    {"answerable", "answer-full"},
    {"findings", "Сочетанная травма. На КТ картина эпидуральной гематомы справа с дислокацией, показано "
                 "экстренное нейрохирургическое вмешательство. Пневмоторакс слева дренирован."},
    {"diagnosis.code", "S06.4 Эпидуральная гематома"},
    {"diagnosis.certainty", "dx-sure"},
    {"diagnosis.other", "T07 Множественные травмы"},
    {"icu.severity", "sev-critical"},
    {"icu.sofa", "8"},
    {"icu.transport", "move-team"},
    {"icu.targets", "Среднее давление от 80 мм рт. ст., нормокапния, сатурация от 94%, температура "
                    "36–37 °C, "
                    "головной конец 30 градусов."},
    {"recommend.treatment", "Осмотерапия при признаках вклинения, избегать гипотонии и гипоксии. "
                            "Если на месте "
                            "есть хирург с навыком, при нарастании дислокации декомпрессия под онлайн-"
                            "сопровождением нейрохирурга."},
    {"recommend.tests", "Гемоглобин и КЩС каждый час, коагулограмма, контрольный снимок грудной клетки."},
    {"recommend.route", "route-air"},
    {"recommend.route-text", "Немедленная эвакуация реанимационной бригадой в нейрохирургию "
                             "областного центра."},
    {"recommend.watch", "Анизокория, брадикардия с подъёмом давления, падение сатурации, кровь по "
                        "дренажу."},
    {NULL, NULL}};

const struct demo_story demo_story_intensive[] = {
    {.profile = "intensive-care", .lang = LANG_RU, .urgency = "emergency", .sex = '-',
     .age_lo = DEMO_YEARS(38), .age_hi = DEMO_YEARS(76), .unknown = true, .consent = "unable",
     .diagnosis = "R57.2 Септический шок", .co = "N10 Острый пиелонефрит",
     .question = "Септический шок, доза норэпинефрина растёт. Как скорректировать терапию и возможен ли "
                 "перевод санитарной авиацией?",
     .request = sepsis_request,
     .message = "Есть ли расширение лоханки по УЗИ и кто может дренировать?",
     .reply = "УЗИ дежурный врач выполнит через 20 минут, уролог вызван из дома.",
     .ask_data = "Нужны УЗИ почек и лактат в динамике.",
     .give_data = "Лоханка справа расширена, лактат 4,1. Уролог в операционной.",
     .conclusion = sepsis_conclusion,
     .correct_reason = "Уточнены целевые показатели.",
     .corrected = {"icu.targets", "Среднее давление 65–70 мм рт. ст., диурез от 0,5 мл/кг/ч, "
                                  "лактат ниже 2 "
                                  "ммоль/л, центральная сатурация от 70%."},
     .outcome_code = "transferred",
     .outcome = "Выполнено дренирование, доза норэпинефрина снижена вдвое. Переведён санитарной "
                "авиацией.",
     .files = FILE_LAB | FILE_US | FILE_CR},
    {.profile = "intensive-care", .lang = LANG_RU, .urgency = "emergency", .sex = 'm',
     .age_lo = DEMO_YEARS(19), .age_hi = DEMO_YEARS(48), .unknown = true, .consent = "unable",
     .diagnosis = "S06.4 Эпидуральная гематома", .co = "T07 Множественные травмы",
     .question = "Сочетанная травма, эпидуральная гематома с дислокацией. Эвакуировать немедленно или "
                 "оперировать на месте?",
     .request = trauma_request,
     .message = "Сколько времени до ближайшей нейрохирургии наземным путём?",
     .reply = "Около двух с половиной часов, вертолётная площадка есть.",
     .ask_data = "Загрузите, пожалуйста, всю серию КТ головы и шеи.",
     .give_data = "Серия загружена полностью, перелома шейных позвонков не видно.",
     .conclusion = trauma_conclusion,
     .correct_reason = "Уточнена организация эвакуации.",
     .corrected = {"recommend.route-text", "Немедленная эвакуация вертолётом с реанимационной бригадой; "
                                           "операционная областного центра предупреждена."},
     .outcome_code = "transferred",
     .outcome = "Эвакуирован вертолётом, гематома удалена через четыре часа после травмы.",
     .files = FILE_CT | FILE_CR | FILE_LAB},
};

/* ---- internal medicine ---- */

static const struct demo_field kidney_request[] = {
    {"complaints", "Isitma, qaltirash, belning oʻng tomonida ogʻriq, tez-tez va achishib siyish."},
    {"history", "Uch kundan beri kasal. Harorat 39 °C gacha koʻtariladi. Uyda paracetamol ichgan. Bugun "
                "koʻngil aynishi qoʻshildi."},
    {"past", "Oʻn yildan beri qandli diabet, metformin qabul qiladi. Oʻtgan yili sistit boʻlgan."},
    {"status", "Ahvoli oʻrta ogʻir. Teri issiq, nam. Oʻpkada vezikulyar nafas. Qorin yumshoq. Oʻng "
               "tomonda bel "
               "sohasini urib koʻrish ogʻriqli. Shish yoʻq."},
    {"vitals.measured-at", "@-1h"},
    {"vitals.heart-rate", "102~8"},
    {"vitals.respiratory-rate", "20~2"},
    {"vitals.spo2", "97~1"},
    {"vitals.temperature", "38.7~4"},
    {"vitals.systolic", "118~10"},
    {"vitals.diastolic", "72~7"},
    {"vitals.weight", "74~10"},
    {"vitals.glucose", "12.6~18"},
    {"ther.duration", "dur-days"},
    {"ther.leading", "th-fever"},
    {"ther.chronic", "chr-diabetes"},
    {"ther.self-care", "self-full"},
    {"ther.smoking", "smoke-never"},
    {"tests.name[0]", "Umumiy siydik tahlili"},
    {"tests.date[0]", "@-0d"},
    {"tests.result[0]", "Leykotsitlar koʻrish maydonini toʻldirgan, nitrit musbat"},
    {"tests.name[1]", "Umumiy qon tahlili"},
    {"tests.date[1]", "@-0d"},
    {"tests.result[1]", "Leykotsitlar 15,2×10⁹/l"},
    {"treatment", "Paracetamol, koʻp suyuqlik, siprofloksatsin 500 mg bir marta."},
    {"allergies.known", "allergy-none"},
    {NULL, NULL}};
static const struct demo_field kidney_conclusion[] = {
    {"examined.what", "seen-extract"},
    {"examined.what", "seen-lab"},
    {"answerable", "answer-full"},
    {"findings", "Qandli diabet fonida oʻng tomonlama oʻtkir piyelonefrit. Sepsis belgilari "
                 "hozircha yoʻq, lekin "
                 "diabet sababli xavf yuqori."},
    {"diagnosis.code", "N10 Oʻtkir piyelonefrit"},
    {"diagnosis.certainty", "dx-likely"},
    {"diagnosis.other", "E11 2-tip qandli diabet"},
    {"ther.severity", "sev-moderate"},
    {"ther.admit", "ind-yes"},
    {"ther.follow-up", "obsv-gp"},
    {"recommend.treatment", "Tuman shifoxonasiga yotqizish, antibiotikni vena ichiga bayonnoma "
                            "boʻyicha yuborish, "
                            "suyuqlik, qandni insulin bilan nazorat qilish, metforminni vaqtincha "
                            "toʻxtatish."},
    {"recommend.tests", "Siydik ekmasi, kreatinin, elektrolitlar, buyraklar UTT shu kuni."},
    {"recommend.route", "route-stay"},
    {"recommend.route-text", "Tuman shifoxonasi; UTTda toʻsiq aniqlansa, viloyat urologiyasiga "
                             "oʻtkazish."},
    {"recommend.repeat-at", "@+48h"},
    {"recommend.watch", "Bosim pasayishi, siydik kamayishi yoki hush buzilishi boʻlsa, darhol "
                        "murojaat qiling."},
    {NULL, NULL}};

static const struct demo_field bleeding_request[] = {
    {"complaints", "Слабость, головокружение, чёрный стул три дня, одышка при нагрузке."},
    {"history", "Две недели принимал диклофенак по поводу боли в спине. Чёрный стул с "
                "понедельника, рвоты не "
                "было. Сегодня кратковременная потеря сознания."},
    {"past", "Язвенная болезнь двенадцатиперстной кишки 15 лет назад. Гипертензия."},
    {"status", "Кожа и слизистые бледные. Дыхание везикулярное. Тоны ясные, тахикардия. Живот мягкий, "
               "болезненность в эпигастрии, перитонеальных знаков нет. При осмотре прямой кишки мелена."},
    {"vitals.measured-at", "@-30m"},
    {"vitals.heart-rate", "108~8"},
    {"vitals.respiratory-rate", "20~2"},
    {"vitals.spo2", "97~1"},
    {"vitals.temperature", "36.5~2"},
    {"vitals.systolic", "104~8"},
    {"vitals.diastolic", "62~6"},
    {"vitals.weight", "78~9"},
    {"vitals.glucose", "5.9~8"},
    {"ther.duration", "dur-days"},
    {"ther.leading", "th-bleeding"},
    {"ther.leading", "th-weakness"},
    {"ther.chronic", "chr-hypertension"},
    {"ther.self-care", "self-help"},
    {"ther.smoking", "smoke-past"},
    {"tests.name[0]", "Гемоглобин"},
    {"tests.date[0]", "@-0d"},
    {"tests.result[0]", "74 г/л"},
    {"tests.name[1]", "Мочевина, МНО"},
    {"tests.date[1]", "@-0d"},
    {"tests.result[1]", "Мочевина 14,2 ммоль/л, МНО 1,1"},
    {"treatment", "Инфузия кристаллоидов 800 мл, омепразол 80 мг в/в, диклофенак отменён."},
    {"allergies.known", "allergy-yes"},
    {"allergies.text", "Ципрофлоксацин: сыпь"},
    {NULL, NULL}};
static const struct demo_field bleeding_conclusion[] = {
    {"examined.what", "seen-extract"},
    {"examined.what", "seen-lab"},
    {"examined.what", "seen-ecg"},
    {"answerable", "answer-full"},
    {"findings", "Кровотечение из верхних отделов желудочно-кишечного тракта, вероятно язвенное на фоне "
                 "нестероидных противовоспалительных средств, тяжёлая острая анемия."},
    {"diagnosis.code", "K92.2 Желудочно-кишечное кровотечение"},
    {"diagnosis.certainty", "dx-sure"},
    {"diagnosis.other", "D62 Острая постгеморрагическая анемия"},
    {"ther.severity", "sev-severe"},
    {"ther.admit", "ind-yes"},
    {"ther.follow-up", "obsv-spec"},
    {"recommend.treatment", "Продолжить ингибитор протонной помпы внутривенно, трансфузия эритроцитов по "
                            "ограничительному подходу с учётом возраста и сердца. Не кормить до "
                            "эндоскопии. "
                            "Эндоскопия в первые сутки."},
    {"recommend.tests", "Гемоглобин каждые 6 часов, группа крови, тест на Helicobacter pylori, ЭКГ."},
    {"recommend.route", "route-transfer"},
    {"recommend.route-text", "Перевод в хирургическое отделение с круглосуточной эндоскопией."},
    {"recommend.watch", "Рвота кровью, давление ниже исходного, частота пульса выше 120."},
    {NULL, NULL}};

const struct demo_story demo_story_therapy[] = {
    {.profile = "therapy", .lang = LANG_UZ, .urgency = "urgent", .sex = 'f',
     .age_lo = DEMO_YEARS(38), .age_hi = DEMO_YEARS(70), .consent = "written",
     .diagnosis = "N10 Oʻtkir piyelonefrit", .co = "E11 2-tip qandli diabet",
     .question = "Diabetli bemorda oʻtkir piyelonefrit. Uyda davolash mumkinmi yoki shifoxonaga "
                 "yotqizish "
                 "kerakmi, qaysi antibiotik?",
     .request = kidney_request,
     .message = "Siydik miqdori kamaymaganmi, homiladorlik istisno qilinganmi?",
     .reply = "Siydik yetarli, homiladorlik yoʻq.",
     .ask_data = "Kreatinin va buyraklar UTT natijasini yuboring.",
     .give_data = "Kreatinin 88 mkmol/l. UTTda toʻsiq yoʻq, oʻng buyrak biroz kattalashgan.",
     .conclusion = kidney_conclusion,
     .correct_reason = "Qayta murojaat muddati aniqlashtirildi.",
     .corrected = {"recommend.tests", "Siydik ekmasi, kreatinin va elektrolitlar har kuni, "
                                      "buyraklar UTT shu kuni."},
     .outcome_code = "improved",
     .outcome = "Toʻrtinchi kunda harorat meʼyorga keldi, ogʻriq yoʻqoldi. Uyga chiqarildi.",
     .files = FILE_LAB | FILE_US},
    {.profile = "therapy", .lang = LANG_RU, .urgency = "urgent", .sex = 'm',
     .age_lo = DEMO_YEARS(50), .age_hi = DEMO_YEARS(78), .consent = "oral",
     .diagnosis = "K92.2 Желудочно-кишечное кровотечение", .co = "D62 Острая постгеморрагическая анемия",
     .question = "Кровотечение из верхних отделов ЖКТ, гемоглобин снижен. Переливать ли кровь на "
                 "месте и как "
                 "быстро переводить для эндоскопии?",
     .request = bleeding_request,
     .message = "Принимает ли антиагреганты или антикоагулянты?",
     .reply = "Нет, только диклофенак последние две недели.",
     .ask_data = "Пришлите ЭКГ и повторный гемоглобин через два часа.",
     .give_data = "Гемоглобин повторно 72 г/л, ЭКГ приложена, ишемии не видно.",
     .conclusion = bleeding_conclusion,
     .correct_reason = "Дополнено наблюдение.",
     .corrected = {"recommend.watch", "Рвота кровью, давление ниже исходного, частота пульса выше "
                                      "110, боль за "
                                      "грудиной."},
     .outcome_code = "improved",
     .outcome = "Переведён, при эндоскопии язва двенадцатиперстной кишки, гемостаз. Гемоглобин 92 г/л.",
     .files = FILE_LAB | FILE_STRIP | FILE_ECG},
};
