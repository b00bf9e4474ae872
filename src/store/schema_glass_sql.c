/* store/schema_glass_sql.c - cases opened by people outside their team, and what became of it. See
 * schema_sql.c for the privacy classes. */
#include "store/schema_int.h"

/* clang-format off */
const char schema_v20_glass[] =
    "CREATE TABLE glass("
    " id TEXT PRIMARY KEY,"           /* pseudo */
    " case_id TEXT NOT NULL,"         /* pseudo */
    " case_rid INTEGER NOT NULL,"     /* pseudo */
    " patient_id TEXT NOT NULL,"      /* pseudo */
    " patient_rid INTEGER NOT NULL,"  /* pseudo */
    " person TEXT NOT NULL,"          /* staff: Practitioner who opened it */
    " role TEXT NOT NULL,"            /* staff: code */
    " org TEXT NOT NULL,"             /* staff: Organization acted in */
    " message TEXT NOT NULL,"         /* pseudo: Communication that holds the reason */
    " at_ms INTEGER NOT NULL,"        /* tech */
    " until_ms INTEGER NOT NULL,"     /* tech */
    " asker_org TEXT NOT NULL,"       /* staff: organisations in charge when it was opened, '' none */
    " answer_org TEXT NOT NULL,"
    " centre_org TEXT NOT NULL,"
    " patient_org TEXT NOT NULL,"
    " ended_ms INTEGER NOT NULL,"     /* tech: 0 not before its time */
    " verdict INTEGER NOT NULL,"      /* tech: enum glass_verdict */
    " reviewer TEXT NOT NULL,"        /* staff: Practitioner, '' nobody yet */
    " review_role TEXT NOT NULL,"     /* staff */
    " review_org TEXT NOT NULL,"      /* staff */
    " remark TEXT NOT NULL,"          /* clinical: what the reviewer wrote */
    " review_ms INTEGER NOT NULL"     /* tech */
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX glass_at ON glass(at_ms);"
    "CREATE INDEX glass_waiting ON glass(at_ms) WHERE verdict = 0;"
    /* Interface accounts: who can see a patient. */
    "CREATE INDEX token_scopes ON token(scopes, id);";
