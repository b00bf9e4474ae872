/* store/schema_dicom_sql.c - the tables of medical images. See schema_sql.c. */
#include "store/schema_int.h"

/* clang-format off */
const char schema_v11_dicom[] =
    /* Images: one row per study, series and instance; bytes are blobs. */
    "CREATE TABLE dicom_study("
    " key INTEGER PRIMARY KEY,"          /* tech */
    " uid TEXT NOT NULL UNIQUE,"         /* pseudo */
    " patient INTEGER NOT NULL,"         /* pseudo: rid of the Patient, 0: not known whose */
    " source TEXT NOT NULL,"             /* staff: who sent the first of it: stow:, ae:, upload: */
    " org TEXT NOT NULL,"                /* staff: Organization that sent it, '' not known */
    " patient_id TEXT NOT NULL,"         /* clinical: as sent, like the next ones */
    " name TEXT NOT NULL,"               /* clinical */
    " fold TEXT NOT NULL,"               /* clinical: the name's words folded, a blank between */
    " birth TEXT NOT NULL,"              /* clinical: YYYYMMDD */
    " sex TEXT NOT NULL,"                /* clinical */
    " date TEXT NOT NULL,"               /* clinical: YYYYMMDD */
    " time TEXT NOT NULL,"               /* clinical: HHMMSS.F */
    " accession TEXT NOT NULL,"          /* pseudo */
    " study_id TEXT NOT NULL,"           /* pseudo */
    " referring TEXT NOT NULL,"          /* staff */
    " description TEXT NOT NULL,"        /* clinical */
    " modalities TEXT NOT NULL,"         /* clinical: a backslash between */
    " n_series INTEGER NOT NULL,"        /* tech */
    " n_instances INTEGER NOT NULL,"     /* tech */
    " bytes INTEGER NOT NULL,"           /* tech */
    " created_ms INTEGER NOT NULL,"      /* tech */
    " changed_ms INTEGER NOT NULL"       /* tech: when the last instance came */
    ") STRICT;"
    "CREATE INDEX dicom_study_date ON dicom_study(date, key);"
    "CREATE INDEX dicom_study_patient_id ON dicom_study(patient_id, date, key);"
    "CREATE INDEX dicom_study_accession ON dicom_study(accession, date, key) WHERE accession <> '';"
    "CREATE INDEX dicom_study_study_id ON dicom_study(study_id, date, key) WHERE study_id <> '';"
    "CREATE INDEX dicom_study_patient ON dicom_study(patient, date, key) WHERE patient <> 0;"
    "CREATE INDEX dicom_study_lost ON dicom_study(org, created_ms, key) WHERE patient = 0;"
    "CREATE INDEX dicom_study_changed ON dicom_study(changed_ms);"
    /* Words of the names. */
    "CREATE TABLE dicom_word("
    " word TEXT NOT NULL,"               /* clinical: folded */
    " study INTEGER NOT NULL,"           /* tech */
    " PRIMARY KEY(word, study)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX dicom_word_study ON dicom_word(study);"
    /* Where a study is shown: in cases, or with its patient. Each has an ImagingStudy of its own. */
    "CREATE TABLE dicom_place("
    " study INTEGER NOT NULL,"           /* tech */
    " case_id TEXT NOT NULL,"            /* pseudo: case or draft; '' with its patient, or nobody's yet */
    " imaging INTEGER NOT NULL,"         /* pseudo: rid of the ImagingStudy, 0: a draft has none */
    " imaging_id TEXT NOT NULL,"         /* pseudo */
    " PRIMARY KEY(study, case_id)) STRICT, WITHOUT ROWID;"
    "CREATE INDEX dicom_place_case ON dicom_place(case_id, study) WHERE case_id <> '';"
    "CREATE TABLE dicom_series("
    " key INTEGER PRIMARY KEY,"          /* tech */
    " study INTEGER NOT NULL,"           /* tech */
    " uid TEXT NOT NULL,"                /* pseudo */
    " modality TEXT NOT NULL,"           /* clinical */
    " number INTEGER,"                   /* clinical */
    " description TEXT NOT NULL,"        /* clinical */
    " body_part TEXT NOT NULL,"          /* clinical */
    " pps_date TEXT NOT NULL,"           /* clinical: YYYYMMDD, when the procedure step began */
    " pps_time TEXT NOT NULL,"           /* clinical */
    " step_id TEXT NOT NULL,"            /* pseudo: Scheduled Procedure Step ID */
    " procedure_id TEXT NOT NULL,"       /* pseudo: Requested Procedure ID */
    " n_instances INTEGER NOT NULL,"     /* tech */
    " bytes INTEGER NOT NULL"            /* tech */
    ") STRICT;"
    "CREATE UNIQUE INDEX dicom_series_of ON dicom_series(study, uid);"
    "CREATE INDEX dicom_series_number ON dicom_series(study, number, key);"
    "CREATE INDEX dicom_series_uid ON dicom_series(uid);"
    "CREATE TABLE dicom_instance("
    " key INTEGER PRIMARY KEY,"          /* tech */
    " series INTEGER NOT NULL,"          /* tech */
    " uid TEXT NOT NULL UNIQUE,"         /* pseudo */
    " class TEXT NOT NULL,"              /* tech: SOP class UID */
    " syntax TEXT NOT NULL,"             /* tech: transfer syntax UID */
    " number INTEGER,"                   /* clinical */
    " rows INTEGER NOT NULL,"            /* tech: these four 0: none */
    " columns INTEGER NOT NULL,"         /* tech */
    " bits INTEGER NOT NULL,"            /* tech: allocated */
    " frames INTEGER NOT NULL,"          /* tech */
    " sha BLOB NOT NULL,"                /* tech: its bytes */
    " size INTEGER NOT NULL,"            /* tech */
    " title TEXT NOT NULL,"              /* clinical: name of the file it came in, '' none */
    " created_ms INTEGER NOT NULL"       /* tech: when these bytes came */
    ") STRICT;"
    "CREATE INDEX dicom_instance_of ON dicom_instance(series, number, key);"
    /* What could not be filed, kept until somebody decides. */
    "CREATE TABLE dicom_aside("
    " id TEXT PRIMARY KEY,"              /* tech */
    " reason INTEGER NOT NULL,"          /* tech: enum dicom_aside_reason */
    " state INTEGER NOT NULL,"           /* tech: 0 waits, 1 accepted, 2 discarded */
    " case_id TEXT NOT NULL,"            /* pseudo: case or draft it was sent for, '' none */
    " org TEXT NOT NULL,"                /* staff: Organization that sent it, '' not known */
    " source TEXT NOT NULL,"             /* staff */
    " sha BLOB,"                         /* tech: its bytes; NULL: a whole study */
    " size INTEGER NOT NULL,"            /* tech */
    " study TEXT NOT NULL,"              /* pseudo: UIDs, '' none */
    " series TEXT NOT NULL,"             /* pseudo */
    " instance TEXT NOT NULL,"           /* pseudo */
    " patient_id TEXT NOT NULL,"         /* clinical: as sent, like the next two */
    " name TEXT NOT NULL,"               /* clinical */
    " birth TEXT NOT NULL,"              /* clinical */
    " title TEXT NOT NULL,"              /* clinical: name of the file, or where it is broken */
    " at_ms INTEGER NOT NULL,"           /* tech */
    " decided_by TEXT NOT NULL,"         /* staff: Practitioner, '' not yet */
    " decided_ms INTEGER NOT NULL,"      /* tech */
    " note TEXT NOT NULL"                /* clinical: why */
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX dicom_aside_case ON dicom_aside(case_id, at_ms) WHERE state = 0 AND case_id <> '';"
    "CREATE INDEX dicom_aside_org ON dicom_aside(org, at_ms) WHERE state = 0;"
    "CREATE INDEX dicom_aside_sha ON dicom_aside(sha) WHERE state = 0;";

const char schema_v12_share[] =
    /* Links by which a study goes out to somebody without an account. */
    "CREATE TABLE dicom_share("
    " id TEXT PRIMARY KEY,"              /* tech */
    " token BLOB NOT NULL UNIQUE,"       /* secret: SHA-256 of what the link says */
    " code BLOB,"                        /* secret: SHA-256 of the code and what the link says; NULL none */
    " study TEXT NOT NULL,"              /* pseudo: UID */
    " case_id TEXT NOT NULL,"            /* pseudo: the case it was made from */
    " by TEXT NOT NULL,"                 /* staff: Practitioner who made it */
    " receiver TEXT NOT NULL,"           /* staff: who it is for, in words */
    " reason TEXT NOT NULL,"             /* clinical */
    " clean INTEGER NOT NULL,"           /* tech: 0 as it is, 1 de-identified, 2 so with dates moved */
    " secret BLOB NOT NULL,"             /* secret: of the new UIDs */
    " consent INTEGER NOT NULL,"         /* tech: edition of the words on consent that were confirmed */
    " opens_max INTEGER NOT NULL,"       /* tech */
    " opens INTEGER NOT NULL,"           /* tech: downloads so far */
    " wrong INTEGER NOT NULL,"           /* tech: wrong codes so far */
    " created_ms INTEGER NOT NULL,"      /* tech */
    " expires_ms INTEGER NOT NULL,"      /* tech */
    " opened_ms INTEGER NOT NULL,"       /* tech: the last download; 0 none */
    " revoked_ms INTEGER NOT NULL"       /* tech: 0 in force */
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX dicom_share_case ON dicom_share(case_id, created_ms);";
/* Who gets a link is in another country. */
const char schema_v31_share[] =
    "ALTER TABLE dicom_share ADD COLUMN abroad INTEGER NOT NULL DEFAULT 0;"; /* tech: 0 as far as was said */
/* clang-format on */
