/* care/sign_test.c - keys, seals and who may sign: right and wrong passwords, a changed password, a
 * password set by the administrator, a role that ended, another organisation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "care/account_int.h"
#include "care/policy.h"
#include "care/sign_int.h"
#include "fhir/prepare.h"
#include "store/test_int.h"

#define OLD_PASSWORD "a long enough password"
#define NEW_PASSWORD "another long password"

struct world {
    struct t t;
    struct care care;
    struct content *content;
    struct sign_ca *ca;
};

static void put(struct world *w, const char *json)
{
    struct req *rq = &w->t.rq;
    struct tx *tx = tx_new(rq);
    enum err e = fhir_put(rq, tx, str_z(json), TX_ANY);
    if (e == OK) {
        e = store_commit(w->t.st, rq, tx);
    }
    if (e != OK) {
        print_message("%s: %s\n", err_name(e), rq->err.detail);
    }
    assert_int_equal(e, OK);
    directory_changed(&w->care);
}

static const char role_one[] =
    "{\"resourceType\":\"PractitionerRole\",\"id\":\"role1\",\"active\":true,\"practitioner\":"
    "{\"reference\":\"Practitioner/doc1\"},\"organization\":{\"reference\":\"Organization/org1\"},"
    "\"code\":[{\"coding\":[{\"system\":\"" CS_ROLE "\",\"code\":\"consultant\"}]}]}";

static void people_put(struct world *w)
{
    put(w, "{\"resourceType\":\"Organization\",\"id\":\"org1\",\"name\":\"Первая больница\"}");
    put(w, "{\"resourceType\":\"Organization\",\"id\":\"org2\",\"name\":\"Вторая больница\"}");
    put(w, "{\"resourceType\":\"Practitioner\",\"id\":\"doc1\",\"active\":true,\"name\":"
           "[{\"text\":\"Оспанова Әлия\"}]}");
    put(w, role_one);
    put(w, "{\"resourceType\":\"PractitionerRole\",\"id\":\"role2\",\"active\":true,"
           "\"practitioner\":{\"reference\":\"Practitioner/doc1\"},\"organization\":{\"reference\":"
           "\"Organization/org2\"},\"code\":[{\"coding\":[{\"system\":\"" CS_ROLE
           "\",\"code\":\"consultant\"}]}]}");
    struct req *rq = &w->t.rq;
    struct tx *tx = tx_new(rq);
    struct str hash;
    assert_int_equal(password_hash(rq, S(OLD_PASSWORD), &hash), OK);
    assert_int_equal(account_add(rq, tx, S("ospanova"), S("doc1"), hash, false), OK);
    assert_int_equal(store_commit(w->t.st, rq, tx), OK);
}

static int world_make(void **state)
{
    static struct world w;
    w = (struct world){.t = t_open()};
    struct req *rq = &w.t.rq;
    arena_set_cap(rq->a, 512 << 20);
    care_init(&w.care);
    w.care.store = w.t.st;
    w.care.password_ops = 1;
    w.care.password_mem = 8192;
    w.care.on_password = sign_on_password;
    assert_int_equal(content_load(rq, S("content"), &w.content), OK);
    w.care.content = w.content;
    w.care.policy = &w.content->policies[0];
    directory_init(&w.care);
    rq->app = (struct app *)&w.care;
    assert_int_equal(sign_ca_make(rq, str_z(w.t.dir), S("Центр")), OK);
    assert_int_equal(sign_ca_make(rq, str_z(w.t.dir), S("Центр")), OK);
    assert_int_equal(sign_ca_load(rq, str_z(w.t.dir), &w.ca), OK);
    w.care.ca = w.ca;
    people_put(&w);
    *state = &w;
    return 0;
}

static int world_end(void **state)
{
    struct world *w = *state;
    t_stop(&w->t);
    sign_ca_free(w->ca);
    directory_done(&w->care);
    content_free(w->content);
    t_wipe(&w->t);
    return 0;
}

static void act_as(struct world *w, const char *role)
{
    struct req *rq = &w->t.rq;
    const struct directory *dir;
    struct who *who;
    err_clear(rq);
    rq->now = os_now();
    assert_int_equal(directory_get(rq, &dir), OK);
    assert_int_equal(who_build(rq, dir, dir_person(dir, S("doc1")), str_z(role), &who), OK);
    who->audit.login = S("ospanova");
    rq->who = who;
}

static enum err sign_with(struct world *w, const char *password, struct sign_result *r)
{
    return sign_document_as(&w->t.rq, MAY_ANSWER | MAY_VISIT, str_z(password), S("document"), r);
}

static struct str serial_of(struct world *w, const struct sign_result *r)
{
    struct cert_facts f;
    assert_int_equal(cert_read(&w->t.rq, r->cert, &f), OK);
    return f.serial_hex;
}

static void signs_with_one_key_per_organisation(void **state)
{
    struct world *w = *state;
    struct sign_result one;
    struct sign_result again;
    struct sign_result other;
    act_as(w, "role1");
    assert_int_equal(sign_with(w, OLD_PASSWORD, &one), OK);
    assert_true(cms_is_good(&one.verdict) && one.verdict.ca_is_trusted);
    assert_true(str_eq(one.verdict.signer.subject.common_name, S("Оспанова Әлия")));
    assert_true(str_eq(one.verdict.signer.subject.organization, S("Первая больница")));
    assert_true(str_eq(one.verdict.signer.subject.serial_number, S("doc1")));
    assert_int_equal(sign_with(w, OLD_PASSWORD, &again), OK);
    assert_true(str_eq(serial_of(w, &one), serial_of(w, &again)));
    act_as(w, "role2");
    assert_int_equal(sign_with(w, OLD_PASSWORD, &other), OK);
    assert_true(str_eq(other.verdict.signer.subject.organization, S("Вторая больница")));
    assert_false(str_eq(serial_of(w, &one), serial_of(w, &other)));
}

static void wrong_password_signs_nothing_and_counts(void **state)
{
    struct world *w = *state;
    struct sign_result r = {0};
    struct account acc;
    act_as(w, "role1");
    assert_int_equal(sign_with(w, "not the password", &r), E_SIGN_IN);
    err_clear(&w->t.rq);
    assert_null(r.cms.p);
    assert_int_equal(account_by_login(&w->t.rq, S("ospanova"), &acc), OK);
    assert_int_equal(acc.failures, 1);
    assert_int_equal(sign_with(w, OLD_PASSWORD, &r), OK);
}

static void keys_follow_a_changed_password(void **state)
{
    struct world *w = *state;
    struct sign_result before;
    struct sign_result after;
    act_as(w, "role1");
    assert_int_equal(sign_with(w, OLD_PASSWORD, &before), OK);
    assert_int_equal(password_change(&w->t.rq, S(OLD_PASSWORD), S(NEW_PASSWORD)), OK);
    act_as(w, "role1");
    assert_int_equal(sign_with(w, NEW_PASSWORD, &after), OK);
    assert_true(str_eq(serial_of(w, &before), serial_of(w, &after)));
    assert_int_equal(password_change(&w->t.rq, S(NEW_PASSWORD), S(OLD_PASSWORD)), OK);
}

static void a_password_set_by_others_ends_the_key(void **state)
{
    struct world *w = *state;
    struct req *rq = &w->t.rq;
    struct sign_result before;
    struct sign_result after;
    struct account acc;
    struct str hash;
    act_as(w, "role1");
    assert_int_equal(sign_with(w, OLD_PASSWORD, &before), OK);
    struct tx *tx = tx_new(rq);
    assert_int_equal(account_by_login(rq, S("ospanova"), &acc), OK);
    assert_int_equal(password_hash(rq, S(NEW_PASSWORD), &hash), OK);
    assert_int_equal(account_password_set(rq, tx, &acc, hash, false), OK);
    assert_int_equal(store_commit(w->t.st, rq, tx), OK);
    act_as(w, "role1");
    assert_int_equal(sign_with(w, NEW_PASSWORD, &after), OK);
    assert_false(str_eq(serial_of(w, &before), serial_of(w, &after)));
    assert_int_equal(password_change(rq, S(NEW_PASSWORD), S(OLD_PASSWORD)), OK);
}

static void a_closed_account_ends_the_key(void **state)
{
    struct world *w = *state;
    struct req *rq = &w->t.rq;
    struct sign_result before;
    struct sign_result after;
    struct account acc;
    act_as(w, "role1");
    assert_int_equal(sign_with(w, OLD_PASSWORD, &before), OK);
    assert_int_equal(account_by_login(rq, S("ospanova"), &acc), OK);
    struct tx *tx = tx_new(rq);
    assert_int_equal(account_close(rq, tx, &acc), OK);
    assert_int_equal(store_commit(w->t.st, rq, tx), OK);
    act_as(w, "role1");
    assert_int_equal(sign_with(w, OLD_PASSWORD, &after), E_SIGN_IN);
    err_clear(rq);
    tx = tx_new(rq);
    assert_int_equal(account_open(rq, tx, &acc), OK);
    assert_int_equal(store_commit(w->t.st, rq, tx), OK);
    act_as(w, "role1");
    assert_int_equal(sign_with(w, OLD_PASSWORD, &after), OK);
    assert_false(str_eq(serial_of(w, &before), serial_of(w, &after)));
}

static void an_ended_role_does_not_sign(void **state)
{
    struct world *w = *state;
    struct sign_result r = {0};
    act_as(w, "role1"); /* signed in while the role was there */
    put(w, "{\"resourceType\":\"PractitionerRole\",\"id\":\"role1\",\"active\":false,"
           "\"practitioner\":{\"reference\":\"Practitioner/doc1\"},\"organization\":{\"reference\":"
           "\"Organization/org1\"},\"code\":[{\"coding\":[{\"system\":\"" CS_ROLE
           "\",\"code\":\"consultant\"}]}]}");
    assert_int_equal(sign_with(w, OLD_PASSWORD, &r), E_FORBIDDEN);
    err_clear(&w->t.rq);
    assert_null(r.cms.p);
    put(w, role_one);
}

static void seals_open_only_for_the_right_person(void **state)
{
    struct world *w = *state;
    struct req *rq = &w->t.rq;
    struct sign_secret key;
    struct sign_secret out;
    struct str sealed;
    err_clear(rq);
    assert_int_equal(sign_int_secret(rq, &key), OK);
    assert_int_equal(sign_seal(rq, &key, S("pw"), S("doc1"), &sealed), OK);
    assert_int_equal(sign_unseal(rq, sealed, S("pw"), S("doc1"), &out), OK);
    assert_int_equal(out.n, key.n);
    assert_memory_equal(out.p, key.p, key.n);
    sign_secret_done(&out);
    assert_int_equal(sign_unseal(rq, sealed, S("px"), S("doc1"), &out), E_SIGN_IN);
    err_clear(rq);
    assert_int_equal(sign_unseal(rq, sealed, S("pw"), S("doc2"), &out), E_SIGN_IN);
    err_clear(rq);
    char *p = (char *)(uintptr_t)sealed.p;
    for (size_t i = 0; i < sealed.n; i++) {
        if (i >= 4 && i < 20) {
            continue; /* passes and memory: large ones only cost time */
        }
        p[i] ^= 1;
        assert_int_not_equal(sign_unseal(rq, sealed, S("pw"), S("doc1"), &out), OK);
        err_clear(rq);
        p[i] ^= 1;
    }
    sign_secret_done(&key);
}

static void a_foreign_key_file_is_refused(void **state)
{
    struct world *w = *state;
    struct req *rq = &w->t.rq;
    struct sign_ca *ca = NULL;
    struct sign_secret key;
    char path[OS_PATH_MAX];
    struct str good;
    err_clear(rq);
    assert_int_equal(os_path(rq, str_z(w->t.dir), S("ca/ca.key"), path), OK);
    assert_int_equal(os_read_file(rq, path, 4096, &good), OK);
    assert_int_equal(sign_int_secret(rq, &key), OK);
    struct str other = {(const char *)key.p, key.n};
    assert_int_equal(os_write_file(rq, path, other, 0600), OK);
    assert_int_equal(sign_ca_load(rq, str_z(w->t.dir), &ca), E_SYNTAX);
    err_clear(rq);
    assert_null(ca);
    assert_int_equal(os_write_file(rq, path, good, 0600), OK);
    sign_secret_done(&key);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(signs_with_one_key_per_organisation),
        cmocka_unit_test(wrong_password_signs_nothing_and_counts),
        cmocka_unit_test(keys_follow_a_changed_password),
        cmocka_unit_test(a_password_set_by_others_ends_the_key),
        cmocka_unit_test(a_closed_account_ends_the_key),
        cmocka_unit_test(an_ended_role_does_not_sign),
        cmocka_unit_test(seals_open_only_for_the_right_person),
        cmocka_unit_test(a_foreign_key_file_is_refused),
    };
    return cmocka_run_group_tests(tests, world_make, world_end);
}
