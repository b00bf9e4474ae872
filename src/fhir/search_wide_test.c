/* fhir/search_wide_test.c - searches of every kind on a small world where each answer is known; what others
 * may not see changes nothing; pages stay true while others write; what is too much is refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "codec/url.h"
#include "fhir/index_check.h"
#include "fhir/prepare.h"
#include "fhir/search.h"
#include "fhir/world_testing.h"
#include "store/store.h"
#include "store/tx.h"

#define MINE UINT64_C(4711)
#define LOINC "http://loinc.org"

static const char *const resources[] = {
    "{\"resourceType\":\"Organization\",\"id\":\"top\",\"name\":\"Oblast\"}",
    "{\"resourceType\":\"Organization\",\"id\":\"mid\",\"name\":\"Rayon\",\"partOf\":{\"reference\":"
    "\"Organization/top\"}}",
    "{\"resourceType\":\"Organization\",\"id\":\"low\",\"name\":\"Station\",\"partOf\":{\"reference\":"
    "\"Organization/mid\"}}",
    "{\"resourceType\":\"Location\",\"id\":\"almaty\",\"position\":{\"longitude\":76.9286,\"latitude\":43.2566}}",
    "{\"resourceType\":\"Location\",\"id\":\"talgar\",\"position\":{\"longitude\":77.24,\"latitude\":43.3025}}",
    "{\"resourceType\":\"Location\",\"id\":\"astana\",\"position\":{\"longitude\":71.4304,\"latitude\":51.1282}}",
    "{\"resourceType\":\"Location\",\"id\":\"fiji\",\"position\":{\"longitude\":179.9,\"latitude\":-17}}",
    "{\"resourceType\":\"Location\",\"id\":\"nowhere\"}",
    "{\"resourceType\":\"Practitioner\",\"id\":\"d1\",\"name\":[{\"family\":\"Әбілова\"}]}",
    "{\"resourceType\":\"Patient\",\"id\":\"p1\",\"meta\":{\"source\":\"urn:station:1\",\"profile\":"
    "[\"http://x.org/a/b|1.0\"]},\"text\":{\"status\":\"generated\",\"div\":\"<div "
    "xmlns=\\\"http://www.w3.org/1999/xhtml\\\">Печень <b>увеличена</b></div>\"},\"identifier\":[{\"type\":"
    "{\"coding\":[{\"system\":\"http://t\",\"code\":\"MR\"}]},\"system\":\"urn:mr\",\"value\":\"123\"}],"
    "\"name\":[{\"family\":\"Ёлкина\",\"given\":[\"Дилноза\"]}],\"gender\":\"female\",\"birthDate\":"
    "\"1970-05-05\",\"managingOrganization\":{\"reference\":\"Organization/low\"},"
    "\"generalPractitioner\":[{\"reference\":\"Practitioner/d1\"}]}",
    "{\"resourceType\":\"Patient\",\"id\":\"p2\",\"identifier\":[{\"type\":{\"coding\":[{\"system\":"
    "\"http://t\",\"code\":\"SS\"}]},\"system\":\"urn:ss\",\"value\":\"123\"}],\"name\":[{\"family\":"
    "\"Oʻrinov\"}],\"gender\":\"male\",\"birthDate\":\"1980\",\"managingOrganization\":{\"reference\":"
    "\"Organization/mid\"}}",
    "{\"resourceType\":\"Patient\",\"id\":\"p3\",\"name\":[{\"text\":\"Nobody\"}],\"deceasedBoolean\":true}",
    "{\"resourceType\":\"Observation\",\"id\":\"o1\",\"status\":\"final\",\"code\":{\"coding\":[{\"system\":"
    "\"" LOINC "\",\"code\":\"8480-6\",\"display\":\"Systolic pressure\"}]},\"subject\":{\"reference\":"
    "\"Patient/p1\"},\"effectiveDateTime\":\"2025-03-10\",\"valueQuantity\":{\"value\":1.50,\"unit\":\"g\","
    "\"system\":\"http://unitsofmeasure.org\",\"code\":\"g\"},\"note\":[{\"text\":\"после нагрузки\"}]}",
    "{\"resourceType\":\"Observation\",\"id\":\"o2\",\"status\":\"final\",\"code\":{\"coding\":[{\"system\":"
    "\"" LOINC "\",\"code\":\"panel\"}]},\"subject\":{\"reference\":\"Patient/p2\"},\"effectivePeriod\":"
    "{\"start\":\"2025-03-01\",\"end\":\"2025-03-20\"},\"component\":[{\"code\":{\"coding\":[{\"system\":"
    "\"" LOINC "\",\"code\":\"8480-6\"}]},\"valueQuantity\":{\"value\":150}},{\"code\":{\"coding\":[{"
    "\"system\":\"" LOINC "\",\"code\":\"8462-4\"}]},\"valueQuantity\":{\"value\":90}}],\"hasMember\":[{"
    "\"reference\":\"Observation/o1\"}]}",
    "{\"resourceType\":\"Observation\",\"id\":\"o3\",\"status\":\"amended\",\"code\":{\"text\":\"weight\"},"
    "\"subject\":{\"reference\":\"Patient/p1\"},\"valueQuantity\":{\"value\":1500,\"unit\":\"milligram\","
    "\"system\":\"http://unitsofmeasure.org\",\"code\":\"mg\"},\"derivedFrom\":[{\"reference\":"
    "\"Observation/o2\"}]}",
    "{\"resourceType\":\"Condition\",\"id\":\"c1\",\"clinicalStatus\":{\"coding\":[{\"system\":\"http://"
    "terminology.hl7.org/CodeSystem/condition-clinical\",\"code\":\"recurrence\"}]},\"code\":{\"coding\":[{"
    "\"system\":\"urn:icd\",\"code\":\"I10.1\"}]},\"subject\":{\"reference\":\"Patient/p1\"}}",
    "{\"resourceType\":\"CodeSystem\",\"id\":\"icd\",\"url\":\"urn:icd\",\"status\":\"active\",\"content\":"
    "\"complete\",\"concept\":[{\"code\":\"I\",\"concept\":[{\"code\":\"I10\",\"concept\":[{\"code\":\"I10.1\"}"
    "]}]}]}",
    "{\"resourceType\":\"ValueSet\",\"id\":\"vs\",\"url\":\"urn:vs\",\"status\":\"active\",\"compose\":{"
    "\"include\":[{\"system\":\"urn:icd\",\"concept\":[{\"code\":\"I10.1\"},{\"code\":\"I11\"}]}]}}",
    "{\"resourceType\":\"List\",\"id\":\"l1\",\"status\":\"current\",\"mode\":\"working\",\"entry\":[{\"item\":"
    "{\"reference\":\"Patient/p2\"}},{\"item\":{\"reference\":\"Patient/p3\"}}]}",
    "{\"resourceType\":\"RiskAssessment\",\"id\":\"r1\",\"status\":\"final\",\"subject\":{\"reference\":"
    "\"Patient/p1\"},\"prediction\":[{\"probabilityDecimal\":0.85}]}",
    "{\"resourceType\":\"EpisodeOfCare\",\"id\":\"e1\",\"status\":\"active\",\"patient\":{\"reference\":"
    "\"Patient/p7\"},\"period\":{\"start\":\"2020-01-01\"}}",
    "{\"resourceType\":\"EpisodeOfCare\",\"id\":\"e2\",\"status\":\"finished\",\"patient\":{\"reference\":"
    "\"Patient/p7\"},\"period\":{\"start\":\"2021-02-01\",\"end\":\"2021-02-20\"}}",
    "{\"resourceType\":\"EpisodeOfCare\",\"id\":\"e3\",\"status\":\"finished\",\"patient\":{\"reference\":"
    "\"Patient/p7\"},\"period\":{\"start\":\"2019-02-01\",\"end\":\"2022-02-20\"}}",
};

static int world_make(void **state)
{
    (void)state;
    world_open("wide");
    struct req rq = rq_make();
    for (size_t i = 0; i < LEN(resources); i++) {
        put_one(&rq, resources[i], TX_ANY);
    }
    struct tx *tx = tx_new(&rq);
    assert_int_equal(tx_team(tx, T_PATIENT, S("p1"), MINE), OK);
    assert_int_equal(store_commit(w.st, &rq, tx), OK);
    rq_end(&rq);
    return 0;
}

/* Ids of the matches in order, then "+" and the includes, with a blank between; "!" when refused. */
static struct str answer(struct req *rq, enum fhir_type type, struct str query, bool mine)
{
    const uint64_t principals[] = {MINE};
    struct fhir_access acc = {.all = !mine, .principals = principals, .n = 1};
    struct fhir_page p = {0};
    struct buf b;
    struct url_pairs form;
    struct fhir_query *q = ARENA_NEW(rq->a, struct fhir_query);
    buf_init(&b, rq->a, 65536);
    assert_int_equal(form_parse(rq, query, 200, &form), OK);
    if (fhir_query_parse_in(rq, NULL, type, &form, true, q) != OK ||
        fhir_search(rq, q, &acc, &p) != OK) {
        return S("!");
    }
    if (p.has_total) {
        buf_char(&b, '#');
        buf_u64(&b, p.total);
    }
    for (size_t i = 0; i < p.n; i++) {
        buf_str(&b, b.n > 0 ? S(" ") : S(""));
        buf_str(&b, p.v[i].is_include ? S("+") : S(""));
        buf_str(&b, p.v[i].row.id);
    }
    return buf_get(&b);
}

static const struct {
    enum fhir_type type;
    const char *query;
    const char *all;  /* as the system */
    const char *mine; /* as somebody of p1's team; NULL: not asked */
} rows[] = {
    /* texts, tokens, addresses */
    {T_PATIENT, "family=елкина", "p1", "p1"},
    {T_PATIENT, "name=o%27rin", "p2", ""},
    {T_PATIENT, "identifier=123&_sort=_id", "p1 p2", "p1"},
    {T_PATIENT, "identifier:of-type=http://t|SS|123", "p2", ""},
    {T_PATIENT, "identifier:of-type=http://t|MR|123", "p1", "p1"},
    {T_PATIENT, "_source=urn:station:1", "p1", "p1"},
    {T_PATIENT, "_profile=http://x.org/a/b|1.0", "p1", NULL},
    {T_PATIENT, "_profile=http://x.org/a/b|2.0", "", NULL},
    {T_PATIENT, "_profile:below=http://x.org/a", "p1", NULL},
    {T_PATIENT, "_profile:above=http://x.org/a/b/c", "", NULL},
    {T_PATIENT, "deceased=true", "p3", ""},
    {T_PATIENT, "gender:missing=true", "p3", ""},
    {T_PATIENT, "gender:not=female&_sort=_id", "p2 p3", ""},
    {T_PATIENT, "_text=УВЕЛИЧЕНА печень", "p1", "p1"},
    {T_PATIENT, "_text=увелич", "", NULL},
    {T_PATIENT, "_text=увелич*", "p1", NULL},
    {T_OBSERVATION, "_content=нагрузки", "o1", "o1"},
    {T_OBSERVATION, "_text=нагрузки", "", NULL},
    {T_PATIENT, "_list=l1&_sort=_id", "p2 p3", ""},
    /* dates: equality is containment */
    {T_OBSERVATION, "date=2025-03-10", "o1", NULL},
    {T_OBSERVATION, "date=2025-03&_sort=date", "o2 o1", NULL},
    {T_OBSERVATION, "date=ne2025-03-10", "o2", NULL},
    {T_OBSERVATION, "date=sa2025-03-09", "o1", NULL},
    {T_OBSERVATION, "date=eb2025-03-15", "o1", NULL},
    {T_OBSERVATION, "date=gt2025-03-15", "o2", NULL},
    {T_PATIENT, "birthdate=1980-02-02", "", NULL},
    {T_PATIENT, "birthdate=le1980", "p2 p1", "p1"},
    /* numbers, quantities */
    {T_RISK_ASSESSMENT, "probability=0.85", "r1", "r1"},
    {T_RISK_ASSESSMENT, "probability=gt0.8", "r1", NULL},
    {T_EPISODE_OF_CARE, "date=gt2021-02-10&_sort=_id", "e1 e2 e3", NULL},
    {T_EPISODE_OF_CARE, "date=ge2021-03-01&_sort=_id", "e1 e3", NULL},
    {T_EPISODE_OF_CARE, "date=gt2022-03-01", "e1", NULL},
    {T_EPISODE_OF_CARE, "date=ge2021-03-01&date=lt2020", "e3", NULL},
    {T_RISK_ASSESSMENT, "_lastUpdated=ge2020-01-01", "r1", NULL},
    {T_RISK_ASSESSMENT, "_lastUpdated=lt2020-01-01", "", NULL},
    {T_RISK_ASSESSMENT, "_lastUpdated=gt2020-01-01,lt2019-01-01", "r1", NULL},
    {T_RISK_ASSESSMENT, "probability=0.8", "", NULL},
    {T_OBSERVATION, "value-quantity=1.5|http://unitsofmeasure.org|g&_sort=_id", "o1 o3", NULL},
    {T_OBSERVATION, "value-quantity=1500||milligram", "o3", NULL},
    {T_OBSERVATION, "value-quantity=1500||g", "", NULL},
    {T_OBSERVATION, "value-quantity=gt1400", "o3", NULL},
    /* composites: both parts in one element */
    {T_OBSERVATION, "component-code-value-quantity=8480-6$gt140", "o2", ""},
    {T_OBSERVATION, "component-code-value-quantity=8462-4$gt140", "", NULL},
    {T_OBSERVATION, "combo-code=8480-6&_sort=_id", "o1 o2", "o1"},
    {T_OBSERVATION, "component-code-value-quantity=8480-6", "!", NULL},
    /* terms */
    {T_CONDITION, "code:below=urn:icd|I10", "c1", "c1"},
    {T_CONDITION, "code:below=urn:icd|I11", "", NULL},
    {T_CONDITION, "code:above=urn:icd|I10.1", "c1", NULL},
    {T_CONDITION, "code:in=urn:vs", "c1", "c1"},
    {T_CONDITION, "code:in=ValueSet/vs", "c1", NULL},
    {T_CONDITION, "code:not-in=urn:vs", "", NULL},
    {T_CONDITION, "code:in=urn:unknown", "!", NULL},
    {T_CONDITION, "clinical-status:below=http://terminology.hl7.org/CodeSystem/condition-clinical|active",
     "c1", NULL},
    /* chains, _has; what may not be seen leads nowhere */
    {T_OBSERVATION, "subject.family=Ёлкина&_sort=_id", "o1 o3", "o1 o3"},
    {T_OBSERVATION, "subject:Patient.organization.partof.partof.name=Oblast&_sort=_id", "o1 o3", "o1 o3"},
    {T_OBSERVATION, "patient.general-practitioner:Practitioner.name=абил&_sort=_id", "o1 o3", "o1 o3"},
    {T_OBSERVATION, "derived-from:Observation.has-member:Observation.code=8480-6", "o3", ""},
    {T_PATIENT, "_has:Observation:patient:status=final&_sort=_id", "p1 p2", "p1"},
    {T_PATIENT, "_has:Observation:patient:_has:Observation:derived-from:status=amended", "p2", ""},
    {T_ORGANIZATION, "_has:Patient:organization:gender=male", "mid", ""},
    {T_ORGANIZATION, "_has:Patient:organization:_has:Condition:patient:code=I10.1", "low", "low"},
    {T_PATIENT, "organization:below=Organization/top&_sort=_id", "p1 p2", "p1"},
    {T_PATIENT, "organization:below=Organization/low", "p1", NULL},
    {T_PATIENT, "organization:above=Organization/low&_sort=_id", "p1 p2", NULL},
    /* _filter */
    {T_PATIENT, "_filter=family eq \"ёлкина\" or birthdate eq 1980&_sort=_id", "p1 p2", "p1"},
    {T_PATIENT, "_filter=not (gender eq male) and family pr true", "p1", NULL},
    {T_PATIENT, "_filter=family ew \"ина\"", "p1", NULL},
    {T_PATIENT, "_filter=family co \"рино\"", "", NULL},
    {T_OBSERVATION, "_filter=(subject.gender eq female and status ne amended) or code eq panel&_sort=_id",
     "o1 o2", "o1"},
    {T_PATIENT, "_filter=family maybe x", "!", NULL},
    {T_PATIENT, "_filter=((((((((((family eq x))))))))))", "!", NULL},
    /* includes */
    {T_OBSERVATION, "_id=o3&_include=Observation:derived-from&_include:iterate=Observation:has-member",
     "o3 +o2 +o1", "o3"},
    {T_OBSERVATION, "_id=o3&_include=Observation:derived-from", "o3 +o2", "o3"},
    {T_OBSERVATION, "_id=o1&_include=*", "o1 +p1", "o1 +p1"},
    {T_OBSERVATION, "_id=o1&_include=Observation:subject&_include:iterate=Patient:organization"
     "&_include:iterate=Organization:partof", "o1 +p1 +low +mid +top", NULL},
    {T_ORGANIZATION, "_id=top&_revinclude:iterate=Organization:partof", "top +mid +low", NULL},
    {T_PATIENT, "_id=p2&_revinclude=*", "p2 +o2 +l1", ""},
    /* totals and order */
    {T_PATIENT, "_total=accurate&_count=1&_sort=birthdate", "#3 p1", "#1 p1"},
    {T_PATIENT, "_sort=-birthdate", "p2 p1 p3", "p1"},
    {T_PATIENT, "_sort=gender,_id", "p1 p2 p3", "p1"},
    {T_OBSERVATION, "_sort=-date", "o1 o2 o3", "o1 o3"},
    {T_OBSERVATION, "_summary=count", "#3", "#2"},
    {T_NONE, "_type=Patient,Condition&_summary=count", "#4", "#2"},
    {T_NONE, "_type=Patient,Condition&_id=p1,c1", "p1 c1", "p1 c1"},
    {T_NONE, "_type=Patient,Condition&_sort=-_id", "p3 p2 p1 c1", "p1 c1"},
    {T_NONE, "_type=Patient,Observation&_sort=_id&_count=4", "o1 o2 o3 p1", "o1 o3 p1"},
    {T_NONE, "_type=Observation,Condition&_sort=-patient,_id", "o2 c1 o1 o3", "c1 o1 o3"},
    {T_NONE, "_type=Patient,Observation&_sort=birthdate", "!", NULL},
    /* Almaty to Talgar are 25 km, to Astana 975 km; half way round 20015 km */
    {T_LOCATION, "near=43.2566|76.9286|1|km&_sort=_id", "almaty", "almaty"},
    {T_LOCATION, "near=43.2566|76.9286|24|km&_sort=_id", "almaty", "almaty"},
    {T_LOCATION, "near=43.2566|76.9286|26|km&_sort=_id", "almaty talgar", "almaty talgar"},
    {T_LOCATION, "near=43.2566|76.9286|15.9|[mi_i]&_sort=_id", "almaty", "almaty"},
    {T_LOCATION, "near=43.2566|76.9286|16|[mi_i]&_sort=_id", "almaty talgar", NULL},
    {T_LOCATION, "near=43.2566|76.9286|26000|m&_sort=_id", "almaty talgar", NULL},
    {T_LOCATION, "near=43.2566|76.9286&_sort=_id", "almaty talgar", NULL},
    {T_LOCATION, "near=43.2566|76.9286|1|km,51.1282|71.4304|1|km&_sort=_id", "almaty astana", NULL},
    {T_LOCATION, "near=-43.2566|-103.0714|1|km&_sort=_id", "", NULL},
    {T_LOCATION, "near=-43.2566|-103.0714|20016|km&_sort=_id", "almaty astana fiji talgar", NULL},
    {T_LOCATION, "near=-17|-179.9|40|km&_sort=_id", "fiji", NULL},
    {T_LOCATION, "near=-17|-179.9|40|km&_summary=count", "#1", NULL},
    /* refused */
    {T_PATIENT, "_sort=near", "!", NULL},
    {T_LOCATION, "near=1", "!", NULL},
    {T_LOCATION, "near=91|0|1|km", "!", NULL},
    {T_LOCATION, "near=43.2|181|1|km", "!", NULL},
    {T_LOCATION, "near=43.2|76.9|-1|km", "!", NULL},
    {T_LOCATION, "near=43.2|76.9|1|parsec", "!", NULL},
    {T_LOCATION, "near=43.2|76.9|1|km|x", "!", NULL},
    {T_LOCATION, "near=1e400|76.9", "!", NULL},
    {T_LOCATION, "near:missing=true", "!", NULL},
    {T_PATIENT, "family:below=x", "!", NULL},
    {T_OBSERVATION, "subject.family.given=x", "!", NULL},
    {T_OBSERVATION, "focus.name=x", "!", NULL},
    {T_PATIENT, "_cursor=AAAA", "!", NULL},
    {T_ORGANIZATION, "partof.partof.partof.partof.partof.partof.partof.partof.partof.name=x", "!", NULL},
};

static void known_answers(void **state)
{
    (void)state;
    for (size_t i = 0; i < LEN(rows) * 2; i++) {
        struct req rq = rq_make();
        const char *want = i % 2 == 0 ? rows[i / 2].all : rows[i / 2].mine;
        if (want != NULL) {
            struct str got = answer(&rq, rows[i / 2].type, str_z(rows[i / 2].query), i % 2 == 1);
            if (!str_eq(got, str_z(want))) {
                fail_msg("%s%s: \"%.*s\", expected \"%s\" %s", rows[i / 2].query,
                         i % 2 == 1 ? " (mine)" : "", STR_ARG(got), want, rq.err.detail);
            }
        }
        rq_end(&rq);
    }
}

static void index_is_true(void **state)
{
    struct req rq = rq_make();
    struct buf out;
    uint64_t looked = 0;
    uint64_t faults = 1;
    (void)state;
    buf_init(&out, rq.a, 1 << 20);
    assert_int_equal(fhir_index_check(&rq, &out, &looked, &faults), OK);
    if (faults != 0) {
        fail_msg("%.*s", STR_ARG(buf_get(&out)));
    }
    assert_true(looked >= LEN(resources));
    rq_end(&rq);
}

static void slot(struct req *rq, int i, const char *start, const char *status)
{
    char json[300];
    snprintf(json, sizeof(json), "{\"resourceType\":\"Slot\",\"id\":\"s%d\",\"schedule\":{\"reference\":"
             "\"Schedule/1\"},\"status\":\"%s\",\"start\":\"%sT%02d:00:00Z\",\"end\":\"%sT%02d:30:00Z\"}",
             i, status, start, i % 24, start, i % 24);
    put_one(rq, json, TX_ANY);
}

/* Every slot of the first moment comes once and in order, whatever is written between the pages. */
static void pages_while_others_write(struct req *rq, const char *query)
{
    struct str cursor = {NULL, 0};
    int seen[24] = {0};
    for (int i = 0; i < 20; i++) {
        slot(rq, i, "2025-01-01", "free");
    }
    for (int page = 0; page < 30; page++) {
        struct fhir_page p;
        struct buf b;
        const struct fhir_access all = {.all = true};
        buf_init(&b, rq->a, 8192);
        buf_str(&b, str_z(query));
        if (cursor.n > 0) {
            form_add(&b, S("_cursor"), cursor);
        }
        if (fhir_search_text(rq, T_SLOT, buf_get(&b), &all, &p) != OK) {
            fail_msg("%s: %s", query, rq->err.detail);
        }
        for (size_t i = 0; i < p.n; i++) {
            char id[16];
            snprintf(id, sizeof(id), "%.*s", STR_ARG(str_sub(p.v[i].row.id, 1, 10)));
            uint64_t n = 0;
            assert_true(str_u64(str_z(id), &n) && n < 24);
            if (seen[n]++ > 0) {
                fail_msg("%s: s%d twice", query, (int)n);
            }
        }
        cursor = p.next;
        if (cursor.n == 0) {
            break;
        }
        /* One moves to the front, one to the end, one stops to meet, one is born. */
        slot(rq, (page * 3) % 20, "2025-01-02", "free");
        slot(rq, (page * 7 + 5) % 20, "2024-12-31", "free");
        slot(rq, (page * 5 + 2) % 20, "2025-01-01", "busy");
        slot(rq, 20 + page % 4, "2025-01-01", "free");
    }
    for (int i = 0; i < 20; i++) {
        if (seen[i] != 1) {
            fail_msg("%s: s%d %d times", query, i, seen[i]);
        }
    }
    for (int i = 20; i < 24; i++) {
        struct tx *tx = tx_new(rq);
        char id[16];
        assert_int_equal(seen[i], 0);
        snprintf(id, sizeof(id), "s%d", i);
        if (tx_delete(tx, T_SLOT, arena_str(rq->a, str_z(id)), TX_ANY) != OK ||
            store_commit(w.st, rq, tx) != OK) {
            err_clear(rq);
        }
    }
}

static void pages(void **state)
{
    static const char *const queries[] = {
        "status=free&_count=3",          "status=free&_count=3&_sort=start",
        "status=free&_count=4&_sort=-start", "_count=3&status=free&_sort=status,-start",
        "status=free&_count=3&_sort=_id", "status=free&_count=5&_sort=_lastUpdated",
    };
    (void)state;
    for (size_t i = 0; i < LEN(queries); i++) {
        struct req rq = rq_make();
        pages_while_others_write(&rq, queries[i]);
        rq_end(&rq);
    }
}

static void born(struct req *rq, int year, int i, const char *rest)
{
    char json[120];
    snprintf(json, sizeof(json), "{\"resourceType\":\"Patient\",\"id\":\"b%dx%d\",\"birthDate\":\"%d%s\"}",
             year, i, year, rest);
    put_one(rq, json, TX_ANY);
}

/* People whose birth dates begin alike come in the order of their numbers, page by page, each once,
 * whether they end alike or not and whatever changes after the first page. */
static void pages_of_one_day(struct req *rq, int year, bool mixed, bool down)
{
    enum { PEOPLE = 11 };
    struct str cursor = {NULL, 0};
    int next = 0;
    for (int i = 0; i < PEOPLE; i++) {
        born(rq, year, i, mixed && i % 3 == 1 ? "" : "-01-01");
    }
    for (int page = 0; page == 0 || cursor.n > 0; page++) {
        struct fhir_page p;
        struct buf b;
        const struct fhir_access all = {.all = true};
        buf_init(&b, rq->a, 8192);
        BUF_LIT(&b, "birthdate=");
        buf_u64(&b, (uint64_t)year);
        buf_str(&b, down ? S("&_count=2&_sort=-birthdate") : S("&_count=2&_sort=birthdate"));
        if (cursor.n > 0) {
            form_add(&b, S("_cursor"), cursor);
        }
        assert_int_equal(fhir_search_text(rq, T_PATIENT, buf_get(&b), &all, &p), OK);
        for (size_t i = 0; i < p.n; i++) {
            char id[32];
            snprintf(id, sizeof(id), "b%dx%d", year, next++);
            if (!str_eq(p.v[i].row.id, str_z(id))) {
                fail_msg("%d: %.*s, expected %s", year, STR_ARG(p.v[i].row.id), id);
            }
        }
        cursor = p.next;
        born(rq, year, (page * 3 + 4) % PEOPLE, "-01-01");
        born(rq, year, (page * 2 + 5) % PEOPLE, "-06-06");
        born(rq, year, PEOPLE + page, "-01-01");
    }
    assert_int_equal(next, PEOPLE);
}

static void pages_of_days(void **state)
{
    (void)state;
    for (int i = 0; i < 4; i++) {
        struct req rq = rq_make();
        pages_of_one_day(&rq, 1901 + i, i % 2 == 1, i >= 2);
        rq_end(&rq);
    }
}

/* A link is for its own search, and for nobody who changes a letter of it. */
static void cursors(void **state)
{
    struct req rq = rq_make();
    struct fhir_page p;
    struct buf b;
    const struct fhir_access all = {.all = true};
    (void)state;
    assert_int_equal(fhir_search_text(&rq, T_PATIENT, S("_count=1&_sort=family"), &all, &p), OK);
    assert_true(p.next.n > 0);
    for (size_t i = 0; i < p.next.n; i++) {
        char text[1024];
        struct fhir_page q;
        memcpy(text, p.next.p, p.next.n);
        text[i] = text[i] == 'A' ? 'B' : 'A';
        buf_init(&b, rq.a, 4096);
        BUF_LIT(&b, "_count=1&_sort=family&_cursor=");
        buf_bytes(&b, text, p.next.n);
        assert_int_equal(fhir_search_text(&rq, T_PATIENT, buf_get(&b), &all, &q), E_BAD_INPUT);
        err_clear(&rq);
        fhir_issues_clear(&rq);
    }
    buf_init(&b, rq.a, 4096);
    BUF_LIT(&b, "_count=2&_sort=family&_cursor=");
    buf_str(&b, p.next);
    assert_int_equal(fhir_search_text(&rq, T_PATIENT, buf_get(&b), &all, &p), E_BAD_INPUT);
    rq_end(&rq);
}

/* Long lists and deep questions are answered or refused, never left running. */
static void too_much(void **state)
{
    struct req rq = rq_make();
    struct buf b;
    (void)state;
    buf_init(&b, rq.a, 1 << 20);
    BUF_LIT(&b, "code=8480-6");
    for (int i = 0; i < 9998; i++) {
        BUF_LIT(&b, ",c");
        buf_u64(&b, (uint64_t)i);
    }
    assert_true(str_eq(answer(&rq, T_OBSERVATION, buf_get(&b), false), S("o1")));
    buf_truncate(&b, 0);
    BUF_LIT(&b, "subject=Patient/p1&_sort=_id");
    for (int i = 0; i < 9000; i++) {
        buf_str(&b, i == 0 ? S("&subject=Patient/p1") : S(",Patient/x"));
        buf_u64(&b, (uint64_t)i);
    }
    struct str got = answer(&rq, T_OBSERVATION, buf_get(&b), false);
    assert_true(str_eq(got, S(""))); /* Patient/p10 is nobody */
    buf_truncate(&b, 0);
    BUF_LIT(&b, "code=8480-6");
    for (int i = 0; i < 10001; i++) {
        BUF_LIT(&b, ",x");
    }
    assert_true(str_eq(answer(&rq, T_OBSERVATION, buf_get(&b), false), S("!")));
    buf_truncate(&b, 0);
    BUF_LIT(&b, "_filter=status eq final");
    for (int i = 0; i < 3000; i++) {
        BUF_LIT(&b, " or status eq x");
    }
    assert_true(str_eq(answer(&rq, T_OBSERVATION, buf_get(&b), false), S("!")));
    rq_end(&rq);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(known_answers), cmocka_unit_test(pages),    cmocka_unit_test(cursors),
        cmocka_unit_test(too_much),      cmocka_unit_test(pages_of_days), cmocka_unit_test(index_is_true),
    };
    return cmocka_run_group_tests(tests, world_make, world_end);
}
