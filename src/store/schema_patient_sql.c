/* store/schema_patient_sql.c - the tables of patients' accounts. See schema_sql.c. */
#include "store/schema_int.h"

/* clang-format off */
const char schema_v15_patient[] =
    "ALTER TABLE account ADD COLUMN kind INTEGER NOT NULL DEFAULT 0;" /* tech: 0 staff, 1 patients' side */
    /* Whose record an account opens: the own one, or that of somebody they act for. */
    "CREATE TABLE patient_tie("
    " id TEXT PRIMARY KEY,"              /* tech */
    " account INTEGER NOT NULL,"         /* pseudo */
    " patient TEXT NOT NULL,"            /* pseudo: Patient id */
    " related TEXT NOT NULL,"            /* pseudo: RelatedPerson id; '' the patient */
    " may INTEGER NOT NULL,"             /* tech: MY_ bits */
    " by TEXT NOT NULL,"                 /* staff: Practitioner who invited */
    " created_ms INTEGER NOT NULL,"      /* tech */
    " until_ms INTEGER NOT NULL,"        /* tech: 0 no end */
    " ended_ms INTEGER NOT NULL"         /* tech: 0 in force */
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX patient_tie_account ON patient_tie(account, related, created_ms);"
    "CREATE INDEX patient_tie_patient ON patient_tie(patient, created_ms);"
    "CREATE TABLE patient_invite("
    " id TEXT PRIMARY KEY,"              /* tech */
    " token BLOB NOT NULL UNIQUE,"       /* secret: SHA-256 of what the link says */
    " code BLOB NOT NULL,"               /* secret: SHA-256 of the code and what the link says */
    " patient TEXT NOT NULL,"            /* pseudo: Patient id */
    " related TEXT NOT NULL,"            /* pseudo: RelatedPerson id; '' the patient */
    " may INTEGER NOT NULL,"             /* tech: MY_ bits */
    " until_ms INTEGER NOT NULL,"        /* tech: end of what it will open; 0 none */
    " by TEXT NOT NULL,"                 /* staff: Practitioner who made it */
    " wrong INTEGER NOT NULL,"           /* tech: wrong codes so far */
    " created_ms INTEGER NOT NULL,"      /* tech */
    " expires_ms INTEGER NOT NULL,"      /* tech */
    " used_ms INTEGER NOT NULL,"         /* tech: 0 not yet */
    " revoked_ms INTEGER NOT NULL"       /* tech: 0 in force */
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX patient_invite_patient ON patient_invite(patient, created_ms);"
    /* Personal numbers as names to sign in with: keyed hashes, not the numbers. */
    "CREATE TABLE sign_in_name("
    " hash INTEGER PRIMARY KEY,"         /* pseudo */
    " account INTEGER NOT NULL"          /* pseudo */
    ") STRICT;"
    "CREATE INDEX sign_in_name_account ON sign_in_name(account);";
/* clang-format on */
