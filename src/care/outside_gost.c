/* care/outside_gost.c - signatures by GOST R 34.10-2012: this program runs itself as a helper that loads
 * OpenSSL's engine for them, so that the engine is never in the server. See outside.h. */
#include "care/outside.h"

#include "codec/outside_wire.h"
#include "os/child.h"

enum { MEMORY_MAX = 1 << 30, OUTPUT_MAX = 256 * 1024, CPU_S = 10, WAIT_MS = 10000 };

enum err outside_judge(struct req *rq, const struct outside_ask *ask, struct outside_verdict *ret_verdict)
{
    static const char *const argv[] = {"/proc/self/exe", "check-gost", NULL};
    static const char *const env[] = {"LC_ALL=C", "OPENSSL_CONF=/dev/null", NULL};
    struct os_child_got got;
    struct outside_verdict v;
    struct str question;
    TRY(outside_check(rq, ask, &v));
    *ret_verdict = v;
    if (outside_first(&v) != OUTSIDE_NO_GOST) {
        return OK;
    }
    TRY(outside_ask_write(rq, ask, &question));
    const struct os_child c = {.argv = argv, .env = env, .input = question, .output_max = OUTPUT_MAX,
                               .memory_max = MEMORY_MAX, .cpu_s = CPU_S, .wait_ms = WAIT_MS};
    TRY(os_child_run(rq, &c, &got));
    if (got.end != OS_CHILD_DONE || outside_verdict_read(rq, got.output, &v) != OK) {
        err_clear(rq); /* it crashed or ran into a limit: not checked is not taken */
        return OK;
    }
    *ret_verdict = v;
    return OK;
}

enum err outside_judge_gost(struct req *rq, struct str question, struct str *ret_answer)
{
    struct outside_ask ask;
    struct outside_verdict v;
    (void)outside_gost_load(); /* without it the verdict says that it is missing */
    TRY(outside_ask_read(rq, question, &ask));
    TRY(outside_check(rq, &ask, &v));
    return outside_verdict_write(rq, &v, ret_answer);
}
