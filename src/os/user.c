/* os/user.c - giving up the rights of root. See user.h. */
#include "os/user.h"

#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/file.h"

/* Who owns path, or the folder it would stand in; root where there is neither. */
static uid_t owner_of(const char *path)
{
    char dir[OS_PATH_MAX];
    struct stat st;
    struct str p = str_z(path);
    if (stat(path, &st) == 0) {
        return st.st_uid;
    }
    while (p.n > 1 && p.p[p.n - 1] == '/') {
        p.n--;
    }
    while (p.n > 1 && p.p[p.n - 1] != '/') {
        p.n--;
    }
    if (p.n <= 1 || p.n >= sizeof(dir)) {
        return 0;
    }
    memcpy(dir, p.p, p.n);
    dir[p.n] = 0;
    return stat(dir, &st) == 0 ? st.st_uid : 0;
}

enum err os_become_owner(struct req *rq, const char *path)
{
    enum { NAMES = 16384 };
    struct passwd pw;
    struct passwd *found = NULL;
    uid_t owner = geteuid() == 0 ? owner_of(path) : 0;
    if (owner == 0) {
        return OK;
    }
    char *names = arena_alloc(rq->a, NAMES);
    TRY_MEM(rq, names);
    if (getpwuid_r(owner, &pw, names, NAMES, &found) != 0 || found == NULL) {
        return FAIL(rq, E_IO, "the data folder belongs to user %u, whom this system does not know",
                    (unsigned)owner);
    }
    if (initgroups(pw.pw_name, pw.pw_gid) != 0 || setresgid(pw.pw_gid, pw.pw_gid, pw.pw_gid) != 0
        || setresuid(owner, owner, owner) != 0) {
        return FAIL(rq, E_IO, "going on as user %u: errno %d", (unsigned)owner, errno);
    }
    return OK;
}
