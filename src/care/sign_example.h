/* care/sign_example.h - a made-up conclusion and keys, for the tests of the signed document. */
#pragma once

#include "care/sign_doc.h"
#include "codec/cms.h"

#define EXAMPLE_AT INT64_C(1795317845000) /* 2026-11-22 03:24:05 UTC */

static struct jv example_json(struct req *rq, struct str text)
{
    struct json_doc *doc = ARENA_NEW(rq->a, struct json_doc);
    ASSERT(doc != NULL && json_parse(rq, text, NULL, doc) == OK);
    return json_root(doc);
}

static const struct sign_line example_findings[] = {
    {SI("Сипаттамасы"),
     SI("ЭКГ: V1–V4 тіркемелерінде ST сегментінің көтерілуі.\nТропонин жоғары.")},
    {SI("Күйі"), SI("Тұрақты")},
};
static const struct sign_line example_advice[] = {
    {SI("Емі"), SI("Тромболизис, кейін ПКИ бар орталыққа ауыстыру.")},
};
static const struct sign_section example_sections[] = {
    {SI("findings"), SI("Қорытынды"), example_findings, 2},
    {SI("recommend"), SI("Ұсынымдар"), example_advice, 1},
};
static const struct sign_seen example_seen[] = {
    {SI("doc1"), SI("ЭКГ 22.11.pdf"), SI("application/pdf"), SI("2026-11-22T02:00:00Z"), 48213,
     {1, 2, 3, 4}},
    {SI("doc2"), SI("foto <1>.jpg"), SI("image/jpeg"), SI(""), 90000, {9}},
};

static void sign_example(struct req *rq, struct sign_doc *d)
{
    *d = (struct sign_doc){
        .lang = LANG_KK,
        .base_url = S("https://consilium.example"),
        .offset_min = 300,
        .at = {EXAMPLE_AT},
        .bundle_id = S("bundle1"),
        .composition_id = S("composition1"),
        .code = S("k7w2m4q6t2z3x5v4abcd"),
        .case_id = S("case1"),
        .version = 1,
        .title = S("Кеңесшінің қорытындысы: Кардиология"),
        .kind = S("Шұғыл"),
        .mode = S("Құжаттар бойынша"),
        .asked = {EXAMPLE_AT - 3 * MS_HOUR},
        .start = {EXAMPLE_AT - MS_HOUR},
        .asker = S("Иманов Ерлан Болатұлы"),
        .asker_role = S("фельдшер"),
        .asker_org = S("Қарасу ФАП"),
        .question = S("Тромболизис жүргізу керек пе? Қайда жіберу керек?"),
        .author_name = S("Оспанова Әлия Қуанышқызы"),
        .author_post = S("кардиолог дәрігер"),
        .organization_name = S("Облыстық клиникалық аурухана"),
        .sections = example_sections,
        .n_sections = LEN(example_sections),
        .seen = example_seen,
        .n_seen = LEN(example_seen),
    };
    d->patient = example_json(
        rq, S("{\"resourceType\":\"Patient\",\"id\":\"p1\",\"identifier\":[{\"type\":{\"text\":"
              "\"ИИН\"},\"system\":\"https://example.org/iin\",\"value\":\"720514450123\"}],"
              "\"name\":[{\"family\":\"Ахметова\",\"given\":[\"Айгүл\",\"Серікқызы\"]}],"
              "\"telecom\":[{\"system\":\"phone\",\"value\":\"+7 701 000 00 00\"}],"
              "\"gender\":\"female\",\"birthDate\":\"1972-05-14\"}"));
    d->practitioner = example_json(rq, S("{\"resourceType\":\"Practitioner\",\"id\":\"pr1\","
                                         "\"name\":[{\"text\":\"Оспанова Әлия\"}]}"));
    d->role = example_json(rq, S("{\"resourceType\":\"PractitionerRole\",\"id\":\"role1\","
                                 "\"practitioner\":{\"reference\":\"Practitioner/pr1\"},"
                                 "\"organization\":{\"reference\":\"Organization/org1\"}}"));
    d->organization = example_json(
        rq, S("{\"resourceType\":\"Organization\",\"id\":\"org1\",\"name\":\"ОКА\"}"));
    d->request = example_json(
        rq, S("{\"resourceType\":\"ServiceRequest\",\"id\":\"case1\",\"status\":\"active\","
              "\"intent\":\"order\",\"subject\":{\"reference\":\"Patient/p1\"}}"));
    d->response = example_json(
        rq, S("{\"resourceType\":\"QuestionnaireResponse\",\"id\":\"resp1\",\"questionnaire\":"
              "\"https://consilium.example/fhir/Questionnaire/conclusion-cardiology\","
              "\"status\":\"completed\",\"item\":[{\"linkId\":\"findings\",\"answer\":"
              "[{\"valueString\":\"x\"}]}]}"));
}

struct example_keys {
    struct str ca_key;
    struct str ca;
    struct str key;
    struct str cert;
};

static struct str example_key(struct req *rq)
{
    uint8_t out[CERT_KEY_MAX];
    size_t n = 0;
    ASSERT(cert_key_make(rq, CERT_P256, out, &n) == OK);
    return arena_str(rq->a, (struct str){(const char *)out, n});
}

static UNUSED void sign_example_keys(struct req *rq, const struct sign_doc *d,
                                     struct example_keys *ret_keys)
{
    struct example_keys k = {.ca_key = example_key(rq), .key = example_key(rq)};
    struct instant from = {d->at.ms - MS_DAY};
    struct instant until = {d->at.ms + 365 * MS_DAY};
    struct cert_ask ca = {k.ca_key, {.common_name = S("Authority")}, from, until, {0}, {0}};
    ASSERT(cert_make(rq, &ca, &k.ca) == OK);
    struct cert_ask me = {k.key,
                          {.common_name = d->author_name,
                           .title = d->author_post,
                           .organization = d->organization_name,
                           .serial_number = S("pr1")},
                          from,
                          until,
                          k.ca_key,
                          k.ca};
    ASSERT(cert_make(rq, &me, &k.cert) == OK);
    *ret_keys = k;
}
