/* app/demo_story_child.c - stories of paediatrics and of orthopaedics. */
#include "app/demo_story.h"

/* ---- paediatrics ---- */

static const struct demo_field newborn_request[] = {
    {"complaints", "Новорождённый: стонущее дыхание, втяжение межрёберных промежутков с первых "
                   "часов жизни."},
    {"history", "Роды преждевременные, быстрые, в районной больнице. Закричал сразу. Дыхательные "
                "нарушения "
                "нарастают, потребность в кислороде увеличивается."},
    {"past", "Беременность у матери протекала с угрозой прерывания, антенатальная профилактика "
             "стероидами "
             "проведена не полностью."},
    {"status", "Состояние тяжёлое. Кожа розовая на кислороде, акроцианоз. Дыхание ослаблено, "
               "симметричное. Тоны сердца ритмичные. Тонус снижен, рефлексы угнетены, родничок не "
               "напряжён."},
    {"vitals.measured-at", "@-15m"},
    {"vitals.heart-rate", "154~12"},
    {"vitals.respiratory-rate", "68~8"},
    {"vitals.spo2", "90~2"},
    {"vitals.temperature", "36.4~3"},
    {"vitals.weight", "1.92~25"},
    {"vitals.height", "43~2"},
    {"vitals.glucose", "3.1~4"},
    {"paed.avpu", "avpu-v"},
    {"paed.danger-signs", "pd-breath"},
    {"paed.intake", "in-none"},
    {"paed.urine", "in-less"},
    {"paed.birth-weeks", "32~1"},
    {"paed.birth-weight", "1920~180"},
    {"paed.vaccination", "vac-none"},
    {"tests.name[0]", "Кислотно-щелочное состояние"},
    {"tests.date[0]", "@-0d"},
    {"tests.result[0]", "pH 7,24, pCO₂ 58 мм рт. ст., лактат 3,2 ммоль/л"},
    {"treatment", "CPAP через назальные канюли, кислород 40%, инфузия глюкозы, антибиотики начаты, "
                  "кювез."},
    {"allergies.known", "allergy-unknown"},
    {NULL, NULL}};
static const struct demo_field newborn_conclusion[] = {
    {"examined.what", "seen-extract"},
    {"examined.what", "seen-images"},
    {"examined.what", "seen-lab"},
    {"answerable", "answer-full"},
    {"findings", "Недоношенный новорождённый с респираторным дистресс-синдромом, потребность в кислороде "
                 "растёт на неинвазивной поддержке. На снимке снижение пневматизации с двух сторон."},
    {"diagnosis.code", "P22 Дыхательное расстройство новорождённого"},
    {"diagnosis.certainty", "dx-likely"},
    {"diagnosis.other", "P07 Недоношенность"},
    {"paed.severity", "sev-severe"},
    {"paed.transport", "move-team"},
    {"paed.dose-weight", "1.9"},
    {"paed.parents", "Родителям разъяснено состояние ребёнка и необходимость перевода, мать согласна."},
    {"recommend.treatment", "Ввести сурфактант малоинвазивно при наличии навыка, продолжить CPAP, "
                            "целевую "
                            "сатурацию поддерживать по протоколу, избегать гипероксии. Тепловая цепь, "
                            "контроль глюкозы."},
    {"recommend.tests", "КЩС через час после сурфактанта, рентгенография грудной клетки, общий "
                        "анализ крови, "
                        "С-реактивный белок, посев крови."},
    {"recommend.route", "route-emergency"},
    {"recommend.route-text", "Перевод неонатальной бригадой в отделение реанимации новорождённых."},
    {"recommend.watch", "Апноэ, брадикардия, потребность в кислороде выше 60%, судороги."},
    {NULL, NULL}};

static const struct demo_field pneumonia_request[] = {
    {"complaints", "Дене қызуы, жөтел, тез тыныс алу, тамақтан бас тарту. Анасының айтуынша."},
    {"history", "Төрт күн бұрын суық тиюден басталған. Екі күннен бері дене қызуы 39 °C дейін, "
                "жөтел күшейген, "
                "бүгін тыныс алуы жиілеген, аз су ішеді."},
    {"past", "Мерзімінде туған, жасына сай дамыған. Бұрын пневмониямен ауырмаған."},
    {"status", "Жағдайы орташа ауыр. Бала енжар, бірақ көтеріп алғанда көз тоқтатады. Кеуде "
               "қуысының төменгі "
               "бөлігі ішке тартылады. Оң жақ өкпеде ұсақ көпіршікті сырылдар. Тері құрғақ."},
    {"vitals.measured-at", "@-30m"},
    {"vitals.heart-rate", "142~10"},
    {"vitals.respiratory-rate", "48~5"},
    {"vitals.spo2", "91~2"},
    {"vitals.temperature", "38.9~4"},
    {"vitals.weight", "12.4~14"},
    {"vitals.height", "87~5"},
    {"vitals.glucose", "4.8~6"},
    {"paed.avpu", "avpu-a"},
    {"paed.danger-signs", "pd-breath"},
    {"paed.intake", "in-less"},
    {"paed.urine", "in-less"},
    {"paed.vaccination", "vac-full"},
    {"paed.contacts", "Ағасы бір апта бұрын жөтелмен ауырған"},
    {"tests.name[0]", "Қанның жалпы талдауы"},
    {"tests.date[0]", "@-0d"},
    {"tests.result[0]", "Лейкоциттер 17,8×10⁹/л, нейтрофилдер 78%"},
    {"treatment", "Амоксициллин ішке, парацетамол, ауыз арқылы сұйықтық, оттегі канюля арқылы 1 л/мин."},
    {"allergies.known", "allergy-none"},
    {NULL, NULL}};
static const struct demo_field pneumonia_conclusion[] = {
    {"examined.what", "seen-extract"},
    {"examined.what", "seen-images"},
    {"examined.what", "seen-lab"},
    {"answerable", "answer-full"},
    {"findings", "Клиника мен рентген суреті оң жақты ауруханадан тыс пневмонияға сәйкес, тыныс "
                 "жеткіліксіздігі "
                 "бар. Плевра қуысында сұйықтық белгісі жоқ."},
    {"diagnosis.code", "J18 Пневмония"},
    {"diagnosis.certainty", "dx-sure"},
    {"paed.severity", "sev-severe"},
    {"paed.transport", "move-yes"},
    {"paed.dose-weight", "12.4"},
    {"paed.parents", "Анасына қауіп белгілері түсіндірілді."},
    {"recommend.treatment", "Антибиотикті көктамыр арқылы хаттамаға сай енгізу, оттегін сатурация "
                            "бойынша беру, "
                            "сұйықтық тапшылығын баяу толтыру, дене қызуын түсіру."},
    {"recommend.tests", "48 сағаттан соң қан талдауын қайталау, С-реактивті ақуыз; жағдай "
                        "жақсармаса кеуде "
                        "қуысының УДЗ."},
    {"recommend.route", "route-stay"},
    {"recommend.route-text", "Аудандық аурухананың балалар бөлімшесінде емдеу, қарқынды бақылау "
                             "төсегінде."},
    {"recommend.repeat-at", "@+48h"},
    {"recommend.watch", "Сатурация 90% төмен түссе, ұйқышылдық, құсу немесе апноэ болса, дереу "
                        "хабарласыңыз."},
    {NULL, NULL}};

const struct demo_story demo_story_paediatrics[] = {
    {.profile = "paediatrics", .lang = LANG_RU, .urgency = "emergency", .sex = '-', .age_lo = 0,
     .age_hi = 2, .consent = "oral", .diagnosis = "P22 Дыхательное расстройство новорождённого",
     .co = "P07 Недоношенность",
     .question = "Недоношенный, нарастает дыхательная недостаточность на CPAP. Вводить ли "
                 "сурфактант на месте "
                 "и когда ждать неонатальную бригаду?",
     .request = newborn_request,
     .message = "Есть ли у вас сурфактант и врач, владеющий методикой введения?",
     .reply = "Сурфактант есть, анестезиолог владеет методикой, просим подсказать дозу на вес.",
     .ask_data = "Пришлите снимок грудной клетки и КЩС в динамике.",
     .give_data = "Снимок загружен, КЩС через час: pH 7,22, pCO₂ 60 мм рт. ст.",
     .conclusion = newborn_conclusion,
     .correct_reason = "Уточнён порог для повторного обращения.",
     .corrected = {"recommend.watch", "Апноэ, брадикардия, потребность в кислороде выше 50%, судороги."},
     .outcome_code = "transferred",
     .outcome = "Сурфактант введён, кислород снижен до 30%. Ребёнок переведён неонатальной бригадой.",
     .files = FILE_CR | FILE_LAB},
    {.profile = "paediatrics", .lang = LANG_KK, .urgency = "urgent", .sex = '-',
     .age_lo = DEMO_YEARS(1), .age_hi = DEMO_YEARS(4), .consent = "written",
     .diagnosis = "J18 Пневмония", .co = NULL,
     .question = "Кішкентай балада пневмония, оттегіне мұқтаж. Орнында емдеуге бола ма, қандай "
                 "антибиотик "
                 "тағайындаған жөн?",
     .request = pneumonia_request,
     .message = "Бала емшек еме ме, сұйықтықты тәулігіне қанша ішеді?",
     .reply = "Тәулігіне шамамен 600 мл ішеді, кеше кешке бір рет құсты.",
     .ask_data = "Кеуде қуысының рентген суретін тіркеңіз.",
     .give_data = "Рентген суреті тіркелді.",
     .conclusion = pneumonia_conclusion,
     .correct_reason = "Бақылау мерзімі нақтыланды.",
     .corrected = {"recommend.tests", "24 сағаттан соң қан талдауын қайталау, С-реактивті ақуыз; жағдай "
                                      "жақсармаса кеуде қуысының УДЗ."},
     .outcome_code = "improved",
     .outcome = "Үшінші тәулікте дене қызуы түсті, оттегі қажет болмады. Бала үйіне шығарылды.",
     .files = FILE_FILM | FILE_CR | FILE_LAB},
};

/* ---- orthopaedics ---- */

static const struct demo_field hip_request[] = {
    {"complaints", "Боль в правом тазобедренном суставе после падения, встать на ногу не может."},
    {"history", "Упала дома с высоты своего роста вчера вечером. Сознание не теряла. Доставлена скорой "
                "помощью утром."},
    {"past", "Ишемическая болезнь сердца, гипертензия, принимает аспирин. До травмы ходила с тростью "
             "самостоятельно."},
    {"status", "Правая нога укорочена и повёрнута наружу, симптом прилипшей пятки положительный. "
               "Чувствительность и движения пальцев сохранены, пульс на стопе отчётливый. Кожа цела."},
    {"vitals.measured-at", "@-1h"},
    {"vitals.heart-rate", "86~10"},
    {"vitals.respiratory-rate", "18~2"},
    {"vitals.spo2", "95~2"},
    {"vitals.temperature", "36.7~2"},
    {"vitals.systolic", "138~14"},
    {"vitals.diastolic", "80~8"},
    {"vitals.weight", "68~10"},
    {"vitals.pain", "6~2"},
    {"ortho.site", "site-hip"},
    {"ortho.side", "right"},
    {"ortho.mechanism", "inj-fall"},
    {"ortho.injured-at", "@-14h"},
    {"ortho.weight-bearing", "load-no"},
    {"ortho.limb-state", "nv-ok"},
    {"tests.name[0]", "Рентгенография таза и правого тазобедренного сустава"},
    {"tests.date[0]", "@-0d"},
    {"tests.result[0]", "Перелом шейки правой бедренной кости со смещением"},
    {"tests.name[1]", "Гемоглобин, креатинин"},
    {"tests.date[1]", "@-0d"},
    {"tests.result[1]", "Гемоглобин 118 г/л, креатинин 92 мкмоль/л"},
    {"treatment", "Обезболивание, деротационный сапожок, эноксапарин профилактическая доза."},
    {"allergies.known", "allergy-none"},
    {NULL, NULL}};
static const struct demo_field hip_conclusion[] = {
    {"examined.what", "seen-extract"},
    {"examined.what", "seen-images"},
    {"examined.what", "seen-lab"},
    {"answerable", "answer-full"},
    {"findings", "Субкапитальный перелом шейки правой бедренной кости со смещением. Сосудисто-нервных "
                 "нарушений нет. Показано раннее оперативное лечение."},
    {"diagnosis.code", "S72.0 Перелом шейки бедренной кости"},
    {"diagnosis.certainty", "dx-sure"},
    {"ortho.tactic", "ort-urgent"},
    {"ortho.immobilisation", "Деротационный сапожок, положение с подушкой между ног, без "
                             "скелетного вытяжения."},
    {"ortho.crowe", "not-applicable"},
    {"ortho.high-tech", "yes"},
    {"recommend.treatment", "Эндопротезирование в первые двое суток после травмы. Адекватное "
                            "обезболивание, "
                            "профилактика тромбоза и пролежней, дыхательная гимнастика, ранняя "
                            "вертикализация."},
    {"recommend.tests", "ЭКГ, эхокардиография по показаниям, группа крови, коагулограмма, осмотр "
                        "терапевта и "
                        "анестезиолога."},
    {"recommend.route", "route-transfer"},
    {"recommend.route-text", "Перевод в травматологическое отделение областного центра в течение "
                             "суток лёжа на "
                             "щите."},
    {"recommend.watch", "Одышка, отёк голени, спутанность сознания, снижение давления."},
    {NULL, NULL}};

static const struct demo_field dysplasia_request[] = {
    {"complaints", "Екі жамбас буынындағы ауырсыну, әсіресе сол жақта; ұзақ жүре алмайды, ақсап басады."},
    {"history", "Бала кезінен жамбас буынының дисплазиясы бар. Соңғы екі жылда ауырсыну күшейіп, "
                "түнде де "
                "мазалайды. Қабынуға қарсы дәрілер уақытша ғана көмектеседі."},
    {"past", "Жеті жасында сол жақ жамбас буынына операция жасалған."},
    {"status", "Сол аяғы 3 см қысқа. Жамбас буындарында бүгу 80 градусқа дейін, ішке бұру шектелген, "
               "ауырсынумен. Нерв пен қан айналымы бұзылмаған."},
    {"vitals.measured-at", "@-2h"},
    {"vitals.heart-rate", "74~8"},
    {"vitals.temperature", "36.6~2"},
    {"vitals.systolic", "124~10"},
    {"vitals.diastolic", "78~7"},
    {"vitals.height", "164~7"},
    {"vitals.weight", "70~9"},
    {"vitals.pain", "6~1"},
    {"ortho.site", "site-hip"},
    {"ortho.side", "both"},
    {"ortho.mechanism", "inj-none"},
    {"ortho.weight-bearing", "load-part"},
    {"ortho.limb-state", "nv-ok"},
    {"ortho.earlier-surgery", "Сол жақ сан сүйегінің түзету остеотомиясы, жеті жасында"},
    {"tests.name[0]", "Жамбас рентгенографиясы"},
    {"tests.date[0]", "@-10d"},
    {"tests.result[0]", "Екі жақты диспластикалық коксартроз, сол жақта буын саңылауы жоқ"},
    {"treatment", "Мелоксикам ауырсынғанда, емдік дене шынықтыру, таяқ."},
    {"allergies.known", "allergy-none"},
    {NULL, NULL}};
static const struct demo_field dysplasia_conclusion[] = {
    {"examined.what", "seen-extract"},
    {"examined.what", "seen-images"},
    {"answerable", "answer-full"},
    {"findings", "Екі жақты диспластикалық коксартроз, сол жақта соңғы сатысы, аяқтың қысқаруымен. "
                 "Консервативті "
                 "ем мүмкіндігі таусылған."},
    {"diagnosis.code", "M16.2 Дисплазиядан кейінгі екі жақты коксартроз"},
    {"diagnosis.certainty", "dx-sure"},
    {"ortho.tactic", "ort-planned"},
    {"ortho.crowe", "crowe-2"},
    {"ortho.high-tech", "yes"},
    {"recommend.treatment", "Сол жақ жамбас буынын эндопротездеу жоспарлы түрде; операцияға дейін "
                            "ауырсынуды "
                            "басу, дене салмағын бақылау, бұлшықетті нығайту."},
    {"recommend.tests", "Жамбастың КТ, қан талдаулары, ЭКГ, созылмалы инфекция ошақтарын санациялау."},
    {"recommend.route", "route-outpatient"},
    {"recommend.route-text", "Жоғары технологиялық көмек комиссиясына құжаттарды жіберу."},
    {"recommend.repeat-at", "@+720h"},
    {"recommend.watch", "Дене қызуы көтерілсе немесе жарақат алса, кезексіз қаралсын."},
    {NULL, NULL}};

const struct demo_story demo_story_orthopaedics[] = {
    {.profile = "orthopaedics", .lang = LANG_RU, .urgency = "urgent", .sex = 'f',
     .age_lo = DEMO_YEARS(66), .age_hi = DEMO_YEARS(89), .consent = "written",
     .diagnosis = "S72.0 Перелом шейки бедренной кости", .co = "I25 Хроническая ишемическая "
                                                               "болезнь сердца",
     .question = "Перелом шейки бедра со смещением у пожилой пациентки. Оперировать ли в ближайшие "
                 "сутки и "
                 "примет ли областной центр?",
     .request = hip_request,
     .message = "Как ходила до травмы, есть ли когнитивные нарушения?",
     .reply = "Ходила с тростью сама, ориентирована, обслуживала себя полностью.",
     .ask_data = "Пришлите снимок во второй проекции и ЭКГ.",
     .give_data = "Аксиальный снимок и ЭКГ загружены, ритм синусовый.",
     .conclusion = hip_conclusion,
     .correct_reason = "Дополнены требования к перевозке.",
     .corrected = {"recommend.route-text", "Перевод в травматологическое отделение областного "
                                           "центра в течение "
                                           "суток лёжа на щите, с сопровождением фельдшера и "
                                           "обезболиванием "
                                           "перед выездом."},
     .outcome_code = "improved",
     .outcome = "Переведена, на вторые сутки выполнено эндопротезирование, ходит с ходунками.",
     .files = FILE_CR | FILE_LAB | FILE_ECG},
    {.profile = "orthopaedics", .lang = LANG_KK, .urgency = "planned", .sex = 'f',
     .age_lo = DEMO_YEARS(36), .age_hi = DEMO_YEARS(58), .consent = "written",
     .diagnosis = "M16.2 Дисплазиядан кейінгі екі жақты коксартроз", .co = NULL,
     .question = "Жамбас буынын эндопротездеу көрсетілген бе және жоғары технологиялық көмекке "
                 "қандай құжат "
                 "қажет?",
     .request = dysplasia_request,
     .message = "Бұрынғы операцияның үзіндісі сақталған ба?",
     .reply = "Үзінді жоқ, тек анасының айтуы бойынша.",
     .ask_data = "Рентген суретін тік тұрған қалыпта, масштабпен жіберіңіз.",
     .give_data = "Тік тұрған қалыптағы сурет тіркелді.",
     .conclusion = dysplasia_conclusion,
     .correct_reason = "Тексеру тізімі нақтыланды.",
     .corrected = {"recommend.tests", "Жамбастың КТ, қан талдаулары, ЭКГ, Доплер аяқ тамырларына, "
                                      "созылмалы "
                                      "инфекция ошақтарын санациялау."},
     .outcome_code = "other",
     .outcome = "Құжаттар комиссияға жіберілді, операция кезегіне қойылды.",
     .files = FILE_CR | FILE_LAB},
};
