# Compiler and linker flags of the whole program (doc/decisions: house style 8.3).
set(warn -Wall -Wextra -Wpedantic -Wconversion -Wsign-conversion -Wshadow -Wstrict-prototypes
    -Wmissing-prototypes -Wmissing-declarations -Wold-style-definition -Wcast-align -Wcast-qual
    -Wwrite-strings -Wpointer-arith -Wundef -Wformat=2 -Wimplicit-fallthrough -Wvla -Walloca
    -Wdouble-promotion -Wfloat-equal -Wredundant-decls -Wnested-externs -Wdate-time
    -Wframe-larger-than=16384)
if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
    list(APPEND warn -Wlogical-op -Wduplicated-cond -Wduplicated-branches -Wformat-overflow=2
         -Wformat-truncation=2 -Wformat-signedness -Wjump-misses-init -Wuse-after-free=3)
endif()
add_compile_options(-fno-common -fno-strict-aliasing -fvisibility=hidden -fno-omit-frame-pointer
                    -ffile-prefix-map=${CMAKE_SOURCE_DIR}/=)
add_compile_definitions(_GNU_SOURCE)
if(WERROR)
    add_compile_options(-Werror)
endif()
if(SANITIZE)
    add_compile_options(-fsanitize=${SANITIZE} -fno-sanitize-recover=all)
    add_link_options(-fsanitize=${SANITIZE})
elseif(CMAKE_BUILD_TYPE STREQUAL "Release")
    add_compile_options(-D_FORTIFY_SOURCE=2 -fstack-protector-strong -fstack-clash-protection
                        -fcf-protection=full -fPIE)
    add_link_options(-pie -Wl,-z,relro,-z,now,-z,noexecstack -Wl,--as-needed)
endif()
