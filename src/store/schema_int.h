/* store/schema_int.h - the migrations, for store/open.c. */
#pragma once

#include "store/conn.h"

struct migration {
    int version;     /* PRAGMA user_version once all steps of this number are applied */
    const char *sql; /* may hold several statements */
};
extern const struct migration migrations[];
extern const size_t n_migrations;
extern const char schema_v11_dicom[];
extern const char schema_v12_share[];
extern const char schema_v17_post[];
extern const char schema_v14_visit[];
extern const char schema_v15_patient[];
extern const char schema_v13_room[];
extern const char schema_v16_consilium[];
extern const char schema_v19_recording[];
extern const char schema_v20_glass[];
extern const char schema_v21_factor[];
extern const char schema_v22_invite[];
extern const char schema_v23_passkey[];
extern const char schema_v24_provider[];
extern const char schema_v25_stamp[];
extern const char schema_v26_retain[];
extern const char schema_v27_scrub[];
extern const char schema_v27_erasure[];
extern const char schema_v28_dict[];
extern const char schema_v29_erasure[];
extern const char schema_v30_terms[];
extern const char schema_v31_share[];

/* PRAGMA user_version of an open database. */
int schema_version(struct conn *c);
/* Sets it, inside the open transaction. */
MUST_USE bool schema_set_version(struct conn *c, int version);
