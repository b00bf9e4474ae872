/* app/repository.h - where backups lie: a repository of restic, which encrypts, keeps equal pieces once and
 * checks what it reads. The program is asked for by name and speaks for itself on standard error. */
#pragma once

#include "app/command.h"

struct repository {
    const char *program;  /* full path of restic */
    const char *place;    /* a folder, its full path, or s3:https://host/bucket/... */
    const char *password; /* full path of the file with the password */
    bool is_folder;
};

/* From the settings; what cannot be is said with the setting's name.
 * errors  E_BAD_INPUT, E_NOT_FOUND  no such program, or file */
/* Whether backup_to names no place; says so to standard output: for timers, which then have nothing to do. */
bool repository_is_nowhere(const struct config *config);
MUST_USE enum err repository_open(struct req *rq, const struct config *config, struct repository *ret_repo);
/* Whether somebody made one there; repository_make() makes it. */
MUST_USE enum err repository_is_there(struct req *rq, const struct repository *repo, bool *ret_is);
MUST_USE enum err repository_make(struct req *rq, const struct repository *repo);
/* Runs restic with these words (NULL-ended, at most REPOSITORY_WORDS) in dir (NULL: here). *ret_output may be
 * NULL.
 * errors  E_IO  it did not end well: what names the work */
enum { REPOSITORY_WORDS = 24 };
MUST_USE enum err repository_run(struct req *rq, const struct repository *repo, const char *what,
                                 const char *dir, const char *const *words, struct str *ret_output);
/* Each file of a folder is held to its name, which is its SHA-256: also those restic does not read. Of other
 * places nothing is looked at.
 * gives   *ret_faults  files that were changed; each is named on standard output */
MUST_USE enum err repository_names_hold(struct req *rq, const struct repository *repo, uint64_t *ret_faults);
/* SHA-256 of a file, as hex in rq->a. */
MUST_USE enum err repository_sha(struct req *rq, const char *path, struct str *ret_hex);
/* path itself when it begins with "/", else from where we are. */
MUST_USE enum err repository_full_path(struct req *rq, struct str path, const char **ret_path);

/* What backup.c puts beside the files and restore.c asks for. */
#define BACKUP_STAGE "backup.part"
#define BACKUP_MANIFEST "manifest.json"
#define BACKUP_ORDERS "erasures.list"
#define BACKUP_TAG "consilium"
