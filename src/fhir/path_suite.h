/* fhir/path_suite.h - running test suites of FHIRPath in the form of the conformance data: tests-r4.jsonl
 * and lhncbc-cases.jsonl with their folders of inputs. */
#pragma once

#include "base/req.h"

struct path_suite_count {
    uint32_t passed;
    uint32_t failed;
};

/* Called for each case: why is empty when it passed. */
typedef void (*path_case_fn)(struct str name, struct str why, void *ctx);

/* Runs the files of the suites that are in folder. Each case has an arena of its own.
 * errors  E_IO, E_SYNTAX  the folder's own files cannot be read */
MUST_USE enum err path_suite_run(struct req *rq, const char *folder, path_case_fn fn, void *ctx,
                                 struct path_suite_count *ret_count);
