/* store/schema_int.h - the migrations, for store/open.c. */
#pragma once

#include "base/attr.h"

struct migration {
    int version;     /* PRAGMA user_version once all steps of this number are applied */
    const char *sql; /* may hold several statements */
};
extern const struct migration migrations[];
extern const size_t n_migrations;
