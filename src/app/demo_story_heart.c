/* app/demo_story_heart.c - stories of cardiology and of neurology and stroke. */
#include "app/demo_story.h"

/* ---- cardiology ---- */

static const struct demo_field stemi_request[] = {
    {"complaints", "Давящая боль за грудиной с отдачей в левую руку и нижнюю челюсть, холодный пот, "
                   "слабость. Боль не купируется нитроглицерином."},
    {"history", "Боль возникла в покое около двух часов назад, интенсивность 8 из 10. Последний месяц "
                "отмечал дискомфорт за грудиной при подъёме на второй этаж, к врачу не обращался. "
                "Доставлен родственниками."},
    {"past", "Артериальная гипертензия около 10 лет, лечится нерегулярно. Курит. Отец перенёс инфаркт "
             "в 52 года."},
    {"status", "Состояние тяжёлое, сознание ясное. Кожа бледная, влажная. В лёгких дыхание "
               "везикулярное, хрипов нет. Тоны сердца приглушены, ритм правильный. Отёков нет. Живот "
               "мягкий, безболезненный."},
    {"vitals.measured-at", "@-15m"},
    {"vitals.heart-rate", "94~12"},
    {"vitals.respiratory-rate", "20~3"},
    {"vitals.spo2", "95~2"},
    {"vitals.temperature", "36.7~3"},
    {"vitals.systolic", "148~18"},
    {"vitals.diastolic", "92~8"},
    {"vitals.weight", "84~11"},
    {"cardio.onset", "@-2h"},
    {"cardio.chest-pain", "cp-now"},
    {"cardio.ecg", "ecg-st-up"},
    {"cardio.rhythm", "rhythm-sinus"},
    {"cardio.killip", "killip-1"},
    {"cardio.antithrombotic", "drug-aspirin"},
    {"cardio.antithrombotic", "drug-heparin"},
    {"tests.name[0]", "Тропонин I (экспресс)"},
    {"tests.date[0]", "@-0d"},
    {"tests.result[0]", "Положительный"},
    {"tests.name[1]", "ЭКГ в 12 отведениях"},
    {"tests.date[1]", "@-0d"},
    {"tests.result[1]", "Подъём ST в V1–V4 до 3 мм, реципрокная депрессия в III, aVF"},
    {"treatment", "Ацетилсалициловая кислота 250 мг разжевать, гепарин 4000 ЕД в/в, морфин 5 мг в/в "
                  "дробно, кислород не требовался."},
    {"allergies.known", "allergy-none"},
    {NULL, NULL}};
static const struct demo_field stemi_conclusion[] = {
    {"examined.what", "seen-extract"},
    {"examined.what", "seen-ecg"},
    {"answerable", "answer-full"},
    {"findings", "На представленной ЭКГ синусовый ритм, элевация ST в V1–V4 с реципрокными "
                 "изменениями в нижних отведениях. Клиника и ЭКГ соответствуют острому переднему "
                 "инфаркту миокарда с подъёмом ST, первые часы. Признаков шока и отёка лёгких нет."},
    {"diagnosis.code", "I21.0 Передний инфаркт миокарда"},
    {"diagnosis.certainty", "dx-sure"},
    {"cardio.acs", "acs-stemi"},
    {"cardio.reperfusion", "rep-lysis"},
    {"cardio.heart-team", "no"},
    {"recommend.treatment", "Доставка в центр с возможностью ЧКВ превышает допустимое время, поэтому при "
                            "отсутствии противопоказаний начать тромболизис на месте по действующему "
                            "протоколу, затем клопидогрел и антикоагулянт. Непрерывный мониторинг "
                            "ритма, дефибриллятор у постели."},
    {"recommend.tests", "ЭКГ через 60–90 минут после начала тромболизиса, тропонин в динамике, "
                        "креатинин, общий анализ крови."},
    {"recommend.route", "route-emergency"},
    {"recommend.route-text", "Перевод в областной сосудистый центр реанимационной бригадой сразу после "
                             "тромболизиса, не дожидаясь его результата."},
    {"recommend.watch", "Возобновление боли, падение давления, нарушения ритма, кровоточивость — "
                        "немедленно связаться повторно."},
    {NULL, NULL}};

static const struct demo_field failure_request[] = {
    {"complaints", "Одышка при ходьбе до 100 метров, ночью спит полусидя, отёки голеней к вечеру, "
                   "перебои в работе сердца."},
    {"history", "Ухудшение в течение трёх недель после перенесённой простуды. Мочегонные принимал "
                "нерегулярно. Масса тела выросла примерно на 5 кг."},
    {"past", "Ишемическая болезнь сердца, инфаркт миокарда 6 лет назад. Постоянная форма фибрилляции "
             "предсердий. Сахарный диабет 2 типа."},
    {"status", "Состояние средней тяжести. Ортопноэ. В нижних отделах лёгких влажные хрипы с двух "
               "сторон. Тоны сердца аритмичные. Печень +3 см. Отёки голеней и стоп."},
    {"vitals.measured-at", "@-1h"},
    {"vitals.heart-rate", "108~14"},
    {"vitals.respiratory-rate", "23~3"},
    {"vitals.spo2", "93~2"},
    {"vitals.temperature", "36.5~3"},
    {"vitals.systolic", "126~14"},
    {"vitals.diastolic", "78~8"},
    {"vitals.weight", "91~12"},
    {"cardio.chest-pain", "cp-none"},
    {"cardio.rhythm", "rhythm-af"},
    {"cardio.nyha", "nyha-3"},
    {"cardio.lvef", "34~5"},
    {"cardio.antithrombotic", "drug-warfarin"},
    {"tests.name[0]", "Эхокардиография"},
    {"tests.date[0]", "@-20d"},
    {"tests.result[0]", "Дилатация левых отделов, сниженная сократимость, умеренная митральная "
                        "регургитация"},
    {"tests.name[1]", "Калий, креатинин"},
    {"tests.date[1]", "@-2d"},
    {"tests.result[1]", "Калий 4,1 ммоль/л, креатинин 118 мкмоль/л"},
    {"tests.name[2]", "МНО"},
    {"tests.date[2]", "@-2d"},
    {"tests.result[2]", "1,7"},
    {"treatment", "Эналаприл 5 мг 2 раза, бисопролол 2,5 мг, фуросемид 40 мг через день, варфарин "
                  "3,75 мг, метформин 1000 мг 2 раза."},
    {"allergies.known", "allergy-yes"},
    {"allergies.text", "Пенициллин: крапивница"},
    {NULL, NULL}};
static const struct demo_field failure_conclusion[] = {
    {"examined.what", "seen-extract"},
    {"examined.what", "seen-lab"},
    {"examined.what", "seen-ecg"},
    {"answerable", "answer-full"},
    {"findings", "Декомпенсация хронической сердечной недостаточности со сниженной фракцией выброса на "
                 "фоне инфекции и недостаточного приёма мочегонных. Частота желудочковых сокращений "
                 "выше целевой, антикоагуляция вне целевого диапазона."},
    {"diagnosis.code", "I50 Сердечная недостаточность"},
    {"diagnosis.certainty", "dx-likely"},
    {"diagnosis.other", "I48 Фибрилляция или трепетание предсердий"},
    {"cardio.acs", "acs-no"},
    {"cardio.reperfusion", "rep-no"},
    {"cardio.heart-team", "no"},
    {"recommend.treatment", "Фуросемид внутривенно с контролем диуреза и массы тела, затем торасемид "
                            "ежедневно. Добавить спиронолактон при калии в норме. Бисопролол "
                            "увеличивать постепенно после уменьшения застоя. Скорректировать дозу "
                            "варфарина по МНО либо обсудить прямой антикоагулянт."},
    {"recommend.tests", "Калий и креатинин через 3 дня, МНО через 5 дней, ЭКГ, общий анализ мочи."},
    {"recommend.route", "route-stay"},
    {"recommend.route-text", "Лечение в районной больнице; при нарастании одышки или снижении давления — "
                             "перевод в кардиологическое отделение."},
    {"recommend.repeat-at", "@+168h"},
    {"recommend.watch", "Ежедневно масса тела, диурез, давление и пульс."},
    {NULL, NULL}};

static const struct demo_field pressure_request[] = {
    {"complaints", "Бас ауруы, желке тұсы ауырлауы, құлақтағы шу, тез шаршау."},
    {"history", "Қан қысымы жеті жылдан бері көтеріледі. Соңғы үш айда үш дәрі қабылдағанына "
                "қарамастан қысым "
                "түспейді. Тұзды көп қолданады."},
    {"past", "Семіздік, түнде қорылдайды. Анасында инсульт болған."},
    {"status", "Жағдайы қанағаттанарлық. Артық салмақ. Өкпеде сырыл жоқ. Жүрек тондары анық, "
               "аортада екінші тон "
               "күшейген. Ісіну жоқ."},
    {"vitals.measured-at", "@-2h"},
    {"vitals.heart-rate", "82~8"},
    {"vitals.spo2", "97~1"},
    {"vitals.temperature", "36.6~2"},
    {"vitals.systolic", "174~10"},
    {"vitals.diastolic", "102~6"},
    {"vitals.height", "168~7"},
    {"vitals.weight", "98~10"},
    {"cardio.chest-pain", "cp-none"},
    {"cardio.ecg", "ecg-t"},
    {"cardio.rhythm", "rhythm-sinus"},
    {"cardio.nyha", "nyha-1"},
    {"cardio.antithrombotic", "none"},
    {"tests.name[0]", "Калий, креатинин"},
    {"tests.date[0]", "@-5d"},
    {"tests.result[0]", "Калий 3,6 ммоль/л, креатинин 84 мкмоль/л"},
    {"tests.name[1]", "ЭКГ"},
    {"tests.date[1]", "@-1d"},
    {"tests.result[1]", "Сол жақ қарынша гипертрофиясының белгілері"},
    {"treatment", "Лозартан 100 мг, амлодипин 10 мг, индапамид 1,5 мг күніне бір рет."},
    {"allergies.known", "allergy-none"},
    {NULL, NULL}};
static const struct demo_field pressure_conclusion[] = {
    {"examined.what", "seen-extract"},
    {"examined.what", "seen-ecg"},
    {"examined.what", "seen-lab"},
    {"answerable", "answer-full"},
    {"findings", "Үш дәріге қарамастан бақыланбайтын артериялық гипертензия, нысана ағза "
                 "зақымдануы: сол жақ "
                 "қарынша гипертрофиясы. Екіншілік себептерді және ұйқы апноэсін жоққа шығару қажет."},
    {"diagnosis.code", "I10 Артериялық гипертензия"},
    {"diagnosis.certainty", "dx-sure"},
    {"cardio.acs", "acs-no"},
    {"cardio.reperfusion", "rep-no"},
    {"cardio.heart-team", "no"},
    {"recommend.treatment", "Дәрілердің шынында қабылдануын тексеру, үш дәріні бір таблеткаға біріктіру, "
                            "спиронолактон 25 мг қосу, калийді бақылау. Тұзды шектеу, салмақты азайту."},
    {"recommend.tests", "Калий мен креатинин екі аптадан соң, альдостерон мен ренин қатынасы, "
                        "бүйрек тамырларының "
                        "УДЗ, тәуліктік қысым бақылауы, ұйқы апноэсіне скрининг."},
    {"recommend.route", "route-outpatient"},
    {"recommend.route-text", "Тұрғылықты жерде бақылау, нәтижелермен кардиологтың қайталама кеңесі."},
    {"recommend.repeat-at", "@+672h"},
    {"recommend.watch", "Кеуде ауыруы, сөйлеу бұзылысы немесе көру нашарласа, жедел жәрдем."},
    {NULL, NULL}};

const struct demo_story demo_story_cardiology[] = {
    {.profile = "cardiology", .lang = LANG_RU, .urgency = "emergency", .sex = 'm',
     .age_lo = DEMO_YEARS(45), .age_hi = DEMO_YEARS(72), .consent = "oral",
     .diagnosis = "I21.0 Передний инфаркт миокарда", .co = "I10 Артериальная гипертензия",
     .question = "Инфаркт миокарда с подъёмом ST, два часа от начала боли. До центра с ЧКВ около трёх "
                 "часов пути. Показан ли тромболизис на месте и как организовать перевод?",
     .request = stemi_request,
     .message = "Есть ли противопоказания к тромболизису: операции, кровотечения, инсульт в прошлом?",
     .reply = "Нет: операций и кровотечений не было, инсульта не было, травм за последний год нет.",
     .ask_data = "Пришлите, пожалуйста, ЭКГ с правыми отведениями (V3R, V4R) и время последнего приёма "
                 "пищи.",
     .give_data = "ЭКГ с правыми отведениями снята, подъёма ST в V4R нет. Ел шесть часов назад.",
     .conclusion = stemi_conclusion,
     .correct_reason = "Уточнён маршрут: освободилась авиационная бригада.",
     .corrected = {"recommend.route", "route-air"},
     .outcome_code = "transferred",
     .outcome = "Тромболизис проведён без осложнений, боль купирована, сегмент ST снизился. Переведён в "
                "областной сосудистый центр, выполнено стентирование.",
     .files = FILE_ECG | FILE_STRIP | FILE_LAB},
    {.profile = "cardiology", .lang = LANG_RU, .urgency = "urgent", .sex = '-',
     .age_lo = DEMO_YEARS(60), .age_hi = DEMO_YEARS(86), .consent = "written",
     .diagnosis = "I50 Сердечная недостаточность", .co = "I48 Фибрилляция предсердий",
     .question = "Нарастает одышка и отёки, лечение дома не помогает. Как изменить терапию и нужна ли "
                 "госпитализация в областной центр?",
     .request = failure_request,
     .message = "Какой диурез за сутки и измеряется ли масса тела ежедневно?",
     .reply = "Диурез около 900 мл, массу тела начали измерять вчера.",
     .ask_data = "Нужна свежая ЭКГ и результат калия за последние двое суток.",
     .give_data = "ЭКГ приложена: фибрилляция предсердий. Калий от сегодняшнего утра 4,3 ммоль/л.",
     .conclusion = failure_conclusion,
     .correct_reason = "Исправлен срок повторной консультации.",
     .corrected = {"recommend.watch", "Ежедневно масса тела, диурез, давление и пульс; повторная "
                                      "консультация через три дня."},
     .outcome_code = "improved",
     .outcome = "Одышка уменьшилась, отёки сошли, масса тела снизилась на 4 кг. Выписан под наблюдение "
                "участкового врача.",
     .files = FILE_ECG | FILE_LAB | FILE_CR},
    {.profile = "cardiology", .lang = LANG_KK, .urgency = "planned", .sex = '-',
     .age_lo = DEMO_YEARS(42), .age_hi = DEMO_YEARS(68), .consent = "written",
     .diagnosis = "I10 Артериялық гипертензия", .co = "E66 Семіздік",
     .question = "Үш дәріге қарамастан қан қысымы түспейді. Емді қалай өзгерту керек және "
                 "екіншілік себептерді "
                 "қалай іздеген жөн?",
     .request = pressure_request,
     .message = "Үйдегі қысым өлшемдерінің күнделігі бар ма?",
     .reply = "Бар, соңғы аптаның күнделігі тіркелді.",
     .ask_data = "Тәуліктік қысым бақылауының нәтижесін жіберіңіз.",
     .give_data = "Тәуліктік бақылау жасалды, орташа қысым 158/94.",
     .conclusion = pressure_conclusion,
     .correct_reason = "Дәрі мөлшері нақтыланды.",
     .corrected = {"recommend.treatment", "Дәрілердің шынында қабылдануын тексеру, үш дәріні бір "
                                          "таблеткаға "
                                          "біріктіру, спиронолактон 12,5 мг қосып, калий қалыпты "
                                          "болса 25 мг "
                                          "дейін арттыру. Тұзды шектеу, салмақты азайту."},
     .outcome_code = "improved",
     .outcome = "Екі аптадан соң қысым 138/86, бас ауруы басылды.",
     .files = FILE_ECG | FILE_STRIP | FILE_LAB},
};

/* ---- neurology and stroke ---- */

static const struct demo_field stroke_request[] = {
    {"complaints", "Внезапная слабость в правых конечностях, нарушение речи. Со слов жены."},
    {"history", "Утром был здоров, завтракал с семьёй. Через час упал на кухне, перестал говорить, "
                "правая рука не двигалась. Судорог и рвоты не было."},
    {"past", "Артериальная гипертензия, принимает лозартан. Год назад эпизод онемения руки с полным "
             "восстановлением."},
    {"status", "В сознании, инструкции выполняет частично. Моторная афазия, сглажена правая "
               "носогубная складка, в правой руке движений нет, в правой ноге сила 2 балла. "
               "Менингеальных знаков нет."},
    {"vitals.measured-at", "@-10m"},
    {"vitals.heart-rate", "84~12"},
    {"vitals.respiratory-rate", "18~2"},
    {"vitals.spo2", "96~2"},
    {"vitals.temperature", "36.6~3"},
    {"vitals.systolic", "168~14"},
    {"vitals.diastolic", "94~8"},
    {"vitals.glucose", "7.4~11"},
    {"vitals.gcs", "13~1"},
    {"vitals.nihss", "14~3"},
    {"vitals.weight", "80~10"},
    {"neuro.last-well", "@-2h"},
    {"neuro.onset", "@-90m"},
    {"neuro.told-by", "Жена"},
    {"neuro.befast", "fast-face"},
    {"neuro.befast", "fast-arm"},
    {"neuro.befast", "fast-speech"},
    {"neuro.prior-mrs", "mrs-0"},
    {"neuro.imaging", "brain-clear"},
    {"neuro.anticoagulant", "none"},
    {"tests.name[0]", "КТ головного мозга без контраста"},
    {"tests.date[0]", "@-0d"},
    {"tests.result[0]", "Кровоизлияния не видно, ранние признаки ишемии сомнительны"},
    {"tests.name[1]", "Тромбоциты, МНО"},
    {"tests.date[1]", "@-0d"},
    {"tests.result[1]", "Тромбоциты 224×10⁹/л, МНО 1,0"},
    {"treatment", "Кислород по потребности, венозный доступ, антигипертензивные не вводились."},
    {"allergies.known", "allergy-none"},
    {NULL, NULL}};
static const struct demo_field stroke_conclusion[] = {
    {"examined.what", "seen-extract"},
    {"examined.what", "seen-images"},
    {"examined.what", "seen-lab"},
    {"answerable", "answer-full"},
    {"findings", "На КТ внутричерепного кровоизлияния не выявлено, обширной зоны ишемии нет. Клиника "
                 "соответствует ишемическому инсульту в бассейне левой средней мозговой артерии, время "
                 "начала известно."},
    {"diagnosis.code", "I63 Ишемический инсульт"},
    {"diagnosis.certainty", "dx-likely"},
    {"neuro.stroke-kind", "str-ischaemic"},
    {"neuro.nihss", "14"},
    {"neuro.thrombolysis", "ind-yes"},
    {"neuro.thrombectomy", "ind-image"},
    {"recommend.treatment", "При отсутствии противопоказаний по чек-листу начать системный "
                            "тромболизис по "
                            "действующему протоколу с контролем давления до, во время и после "
                            "введения. Антиагреганты не назначать в первые сутки после тромболизиса."},
    {"recommend.tests", "Контрольная КТ через сутки или сразу при ухудшении, глюкоза каждые 4 часа, "
                        "ЭКГ. Тест глотания до кормления."},
    {"recommend.route", "route-transfer"},
    {"recommend.route-text", "После начала тромболизиса перевод в инсультный центр для КТ-ангиографии и "
                             "решения о тромбэктомии."},
    {"recommend.watch", "Головная боль, рвота, угнетение сознания, подъём давления: остановить введение, "
                        "КТ, связаться немедленно."},
    {NULL, NULL}};

static const struct demo_field seizure_request[] = {
    {"complaints", "Жалоб активно не предъявляет, сонлив после приступа. Со слов матери: второй приступ "
                   "судорог за месяц."},
    {"history", "Приступ с потерей сознания, тоническим напряжением и подёргиваниями конечностей "
                "около двух "
                "минут, прикус языка. Первый такой же приступ три недели назад после бессонной ночи."},
    {"past", "Черепно-мозговую травму и нейроинфекции отрицает. Роды и раннее развитие без особенностей. "
             "У дяди по матери эпилепсия."},
    {"status", "Сознание ясное, ориентирован. Черепные нервы без особенностей, парезов нет, рефлексы "
               "живые, симметричные. Координация не нарушена. Менингеальных знаков нет."},
    {"vitals.measured-at", "@-1h"},
    {"vitals.heart-rate", "78~10"},
    {"vitals.spo2", "98~1"},
    {"vitals.temperature", "36.6~2"},
    {"vitals.systolic", "122~10"},
    {"vitals.diastolic", "76~7"},
    {"vitals.glucose", "5.2~6"},
    {"vitals.gcs", "15"},
    {"neuro.discovered", "@-30h"},
    {"neuro.told-by", "Мать"},
    {"neuro.befast", "none"},
    {"neuro.prior-mrs", "mrs-0"},
    {"neuro.imaging", "not-done"},
    {"neuro.anticoagulant", "none"},
    {"tests.name[0]", "Общий анализ крови"},
    {"tests.date[0]", "@-1d"},
    {"tests.result[0]", "Без отклонений"},
    {"tests.name[1]", "Натрий, кальций"},
    {"tests.date[1]", "@-1d"},
    {"tests.result[1]", "Натрий 140 ммоль/л, кальций 2,3 ммоль/л"},
    {"treatment", "Противосудорожные препараты не назначались."},
    {"allergies.known", "allergy-unknown"},
    {NULL, NULL}};
static const struct demo_field seizure_conclusion[] = {
    {"examined.what", "seen-extract"},
    {"examined.what", "seen-lab"},
    {"answerable", "answer-part"},
    {"findings", "Два неспровоцированных билатеральных тонико-клонических приступа за короткий срок, "
                 "семейная отягощённость. Вероятна эпилепсия; форма не установлена."},
    {"cannot-answer", "Без ЭЭГ и МРТ нельзя судить о форме эпилепсии и очаге."},
    {"diagnosis.code", "G40 Эпилепсия"},
    {"diagnosis.certainty", "dx-likely"},
    {"neuro.stroke-kind", "str-no"},
    {"recommend.treatment", "Начать противосудорожную терапию одним препаратом с постепенным "
                            "увеличением дозы; "
                            "выбор согласовать с пациентом с учётом сопутствующих состояний. Режим сна, "
                            "исключить алкоголь, не управлять транспортом."},
    {"recommend.tests", "ЭЭГ с депривацией сна, МРТ головного мозга по эпилептологическому протоколу."},
    {"recommend.route", "route-outpatient"},
    {"recommend.route-text", "Плановая очная консультация эпилептолога областного центра с "
                             "результатами."},
    {"recommend.repeat-at", "@+720h"},
    {"recommend.watch", "Приступ дольше пяти минут или серия приступов: экстренная помощь."},
    {"limits.kind", "limit-data"},
    {"limits.text", "Видео приступа не представлено."},
    {NULL, NULL}};

const struct demo_story demo_story_neurology[] = {
    {.profile = "neurology", .lang = LANG_RU, .urgency = "emergency", .sex = 'm',
     .age_lo = DEMO_YEARS(52), .age_hi = DEMO_YEARS(79), .consent = "unable",
     .diagnosis = "I63 Ишемический инсульт", .co = "I10 Артериальная гипертензия",
     .question = "Полтора часа от начала инсульта, на КТ кровоизлияния не видим. Показан ли "
                 "тромболизис и "
                 "нужен ли перевод для тромбэктомии?",
     .request = stroke_request,
     .message = "Уточните время, когда пациента последний раз видели здоровым, и есть ли приём "
                "антикоагулянтов.",
     .reply = "Здоровым видели за завтраком, два часа назад. Антикоагулянты не принимает.",
     .ask_data = "Загрузите, пожалуйста, серию КТ целиком: видны только отдельные срезы.",
     .give_data = "Серия КТ загружена, срезы через всё вещество мозга.",
     .conclusion = stroke_conclusion,
     .correct_reason = "Уточнена рекомендация по тромбэктомии после просмотра полной серии.",
     .corrected = {"neuro.thrombectomy", "ind-yes"},
     .outcome_code = "improved",
     .outcome = "Тромболизис начат через 25 минут после заключения. К концу суток речь частично "
                "восстановилась, сила в ноге 4 балла. Переведён в инсультный центр.",
     .files = FILE_CT | FILE_LAB | FILE_ECG},
    {.profile = "neurology", .lang = LANG_RU, .urgency = "planned", .sex = '-',
     .age_lo = DEMO_YEARS(17), .age_hi = DEMO_YEARS(34), .consent = "written",
     .diagnosis = "G40 Эпилепсия", .co = NULL,
     .question = "Второй судорожный приступ за месяц. Начинать ли лечение сейчас и какое обследование "
                 "провести до приёма эпилептолога?",
     .request = seizure_request,
     .message = "Есть ли видео приступа, снятое родственниками?",
     .reply = "К сожалению, нет. Мать описывает поворот головы вправо в начале.",
     .ask_data = "Уточните, пожалуйста, употребление алкоголя и недосыпание перед вторым приступом.",
     .give_data = "Алкоголь отрицает, перед вторым приступом спал около четырёх часов.",
     .conclusion = seizure_conclusion,
     .correct_reason = "Добавлено обследование.",
     .corrected = {"recommend.tests", "ЭЭГ с депривацией сна, МРТ головного мозга по эпилептологическому "
                                      "протоколу, ЭКГ для исключения нарушений ритма."},
     .outcome_code = "unchanged",
     .outcome = "Лечение начато, приступов за две недели не было. Ожидает ЭЭГ.",
     .files = FILE_LAB},
};
