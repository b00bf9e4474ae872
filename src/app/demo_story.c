/* app/demo_story.c - all stories, and sentences any case may need. */
#include "app/demo_story.h"

/* Spread so that neighbours differ in profile, language and urgency. */
const struct demo_story *const demo_stories[] = {
    &demo_story_cardiology[0], &demo_story_therapy[0],      &demo_story_neurology[0],
    &demo_story_oncology[1],   &demo_story_orthopaedics[0], &demo_story_intensive[0],
    &demo_story_paediatrics[1], &demo_story_neurology[1],   &demo_story_obstetrics[0],
    &demo_story_cardiology[2], &demo_story_oncology[0],     &demo_story_therapy[1],
    &demo_story_paediatrics[0], &demo_story_obstetrics[1],  &demo_story_cardiology[1],
    &demo_story_orthopaedics[1], &demo_story_intensive[1],
};
const uint32_t n_demo_stories = LEN(demo_stories);

static const struct demo_phrases phrases[LANG_COUNT] = {
    [LANG_RU] =
        {.returned = "Приложите, пожалуйста, результаты последних анализов с датами и уточните, какие "
                     "препараты и в каких дозах пациент уже получил.",
         .completed = "Данные дополнены: анализы приложены, лечение указано с дозами и временем "
                      "введения.",
         .rerouted = "По тяжести состояния и характеру вопроса нужен консультант национального "
                     "центра.",
         .passed = "Передаю коллеге: вопрос ближе к его специализации, он сегодня на смене.",
         .refused = "По этому пациенту вопрос решён в другой заявке, либо требуется очный осмотр. "
                    "Направьте пациента на очную консультацию по месту прикрепления.",
         .withdrawn = "Состояние изменилось, решение принято на месте совместно с заведующим "
                      "отделением.",
         .unable = "Пациент без сознания, законные представители не найдены; решение принято врачом "
                   "по жизненным показаниям."},
    [LANG_KK] =
        {.returned = "Соңғы талдау нәтижелерін күнімен бірге тіркеңіз және пациент қандай дәрілерді "
                     "қандай мөлшерде алғанын нақтылаңыз.",
         .completed = "Деректер толықтырылды: талдаулар тіркелді, ем мөлшерімен және уақытымен "
                      "көрсетілді.",
         .rerouted = "Жағдайдың ауырлығына байланысты ұлттық орталықтың кеңесшісі қажет.",
         .passed = "Әріптесіме беремін: сұрақ оның бейініне жақын, ол бүгін кезекшілікте.",
         .refused = "Бұл пациент бойынша сұрақ басқа өтінімде шешілген немесе бетпе-бет қарап-тексеру "
                    "қажет. Пациентті тіркелген жері бойынша кеңеске жіберіңіз.",
         .withdrawn = "Жағдай өзгерді, шешім бөлімше меңгерушісімен бірге орнында қабылданды.",
         .unable = "Пациент ес-түссіз, заңды өкілдері табылмады; шешімді дәрігер өмірлік көрсеткіштер "
                   "бойынша қабылдады."},
    [LANG_UZ] =
        {.returned = "Iltimos, oxirgi tahlil natijalarini sanasi bilan ilova qiling va bemor qaysi "
                     "dorilarni qancha dozada olganini aniqlashtiring.",
         .completed = "Maʼlumotlar toʻldirildi: tahlillar ilova qilindi, davolash doza va vaqti bilan "
                      "koʻrsatildi.",
         .rerouted = "Ahvolning ogʻirligi sababli milliy markaz maslahatchisi kerak.",
         .passed = "Hamkasbimga oʻtkazaman: savol uning sohasiga yaqinroq, u bugun navbatchi.",
         .refused = "Bu bemor boʻyicha savol boshqa soʻrovda hal qilingan yoki yuzma-yuz koʻrik kerak. "
                    "Bemorni biriktirilgan joyi boʻyicha koʻrikka yuboring.",
         .withdrawn = "Ahvol oʻzgardi, qaror boʻlim mudiri bilan birga joyida qabul qilindi.",
         .unable = "Bemor hushsiz, qonuniy vakillari topilmadi; qarorni shifokor hayotiy koʻrsatmalar "
                   "boʻyicha qabul qildi."},
};

const struct demo_phrases *demo_phrases(enum lang lang)
{
    return &phrases[lang < LANG_COUNT && phrases[lang].returned != NULL ? lang : LANG_RU];
}
