# faceid. `make help` lists the targets; README.md and docs/ say what they are for.
#
#   make [OPENBLAS=0] [SDL=0] [SODIUM=0] [POSTGRES=0] [STATIC=1] [WEIGHTS=no] [SANITIZE=address,undefined]
#        [CROSS=aarch64-linux-gnu-|arm-linux-gnueabihf-|riscv64-linux-gnu-] [SYSROOT=folder]
#        [BUILD=folder] [WERROR=1] [CC=clang] [V=1]
#
# Sources are found by folder: a new file needs no line here.

BUILD    ?= build$(if $(CROSS),/$(CROSS:-=))$(if $(STATIC),/static)
PREFIX   ?= /usr/local
OPENBLAS ?= 1
SDL      ?= 1
SODIUM   ?= 1
POSTGRES ?= $(if $(CROSS),0,1)
PYTHON   ?= /usr/bin/python3

# A build uses all cores unless -j says otherwise. Goals that stand in the way of each other
# when they are asked for together go one after the other, as they were written.
ONE_BY_ONE := $(if $(word 2,$(MAKECMDGOALS)),$(filter clean deps% install uninstall deb,$(MAKECMDGOALS)))
ifeq ($(MAKELEVEL)$(ONE_BY_ONE)$(filter -j% --jobserver%,$(MAKEFLAGS) $(shell printenv MAKEFLAGS)),0)
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 1)
endif

# For another machine's CPU: its libraries are those of the compiler, or those under SYSROOT.
ifneq ($(CROSS),)
CC := $(CROSS)gcc $(if $(SYSROOT),--sysroot=$(SYSROOT))
AR := $(CROSS)ar
endif
# Headless and without a shared library: ./faceid-static.
ifneq ($(STATIC),)
override SDL := 0
override OPENBLAS := 0
override POSTGRES := 0
endif

TARGET_ARCH_NAME := $(firstword $(subst -, ,$(shell $(CC) -dumpmachine 2>/dev/null || uname -m)))
# kernels/<isa>/flags.mk says for which architecture a folder is and the flags of its files alone.
-include $(wildcard kernels/*/flags.mk)
ISA_FOLDERS := $(strip $(foreach isa,$(patsubst kernels/%/flags.mk,%,$(wildcard kernels/*/flags.mk)), \
                 $(if $(filter $(TARGET_ARCH_NAME),$(ARCH_$(isa))),$(isa))))

OPT      ?= -O2 -g
# One short line a file; V=1 shows whole commands.
Q        := $(if $(V),,@)
SAY       = $(if $(V),@:,@echo)

WARN     := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla
CFLAGS_ALL = -std=c11 -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -I. $(OPT) $(WARN) $(if $(WERROR),-Werror) -ffp-contract=off \
             -fvisibility=hidden -fPIC -pthread -fstack-protector-strong \
             $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer,-D_FORTIFY_SOURCE=2) \
             $(FEATURES) $(LIBPQ_FLAGS) $(FLAGS_FILE) $(CPPFLAGS) $(CFLAGS) -MMD -MP
FEATURES := $(foreach isa,$(ISA_FOLDERS),-DFID_HAVE_$(shell echo $(isa) | tr a-z A-Z)) \
            -DFID_OPENBLAS=$(OPENBLAS) -DFID_SDL=$(SDL) -DFID_SODIUM=$(SODIUM) -DFID_POSTGRES=$(POSTGRES)
# Its header alone: the library is loaded where a gallery is on a server.
LIBPQ_FLAGS := $(if $(filter 1,$(POSTGRES)),-isystem $(or $(shell pkg-config --variable=includedir libpq 2>/dev/null),/usr/include/postgresql))
LIBS_LIB  = -ljpeg -lpng -lsqlite3 -lutf8proc $(if $(filter 1,$(SODIUM)),-lsodium) $(if $(STATIC),-lz) -ldl -lm -pthread
LIBS_SDL  = $(if $(filter 1,$(SDL)),-lSDL2_ttf -lSDL2)
# glibc has no start-up code for static programs at any address on these two.
LINK_STATIC  := $(if $(filter arm riscv64,$(TARGET_ARCH_NAME)),-static,-static-pie) -Wl,--gc-sections -Wl,--wrap=dlopen
LINK_PROGRAM := $(if $(STATIC),$(LINK_STATIC),-pie)
LDFLAGS_ALL = -Wl,-z,relro,-z,now $(if $(SANITIZE),-fsanitize=$(SANITIZE)) $(LDFLAGS)

# ---- sources ----
KERNEL_C  := $(wildcard kernels/*.c kernels/ref/*.c)
ISA_C     := $(foreach isa,$(ISA_FOLDERS),$(wildcard kernels/$(isa)/*.c))
ENGINE_C  := $(wildcard engine/*.c $(addsuffix /*.c,engine/base engine/nn engine/nn/ops engine/vault engine/store engine/face/*))
WEIGHTS_C := $(wildcard weights/*.c)
APP_FOLDERS := output input identify enrollment eval bench live quantize window verbs
LIB_O     := $(patsubst %.c,$(BUILD)/%.o,$(KERNEL_C) $(ISA_C) $(ENGINE_C) $(WEIGHTS_C))
APP_C     := $(filter-out $(if $(filter 1,$(SDL)),,app/window/%),$(wildcard app/*.c) \
                 $(foreach folder,$(APP_FOLDERS),$(wildcard app/$(folder)/*.c)))
APP_O     := $(patsubst %.c,$(BUILD)/%.o,$(APP_C) $(if $(STATIC),app/package/no_dlopen.c))
BENCHES   := $(patsubst bench/%.c,$(BUILD)/%,$(wildcard bench/bench_*.c))
BENCH_O   := $(patsubst %.c,$(BUILD)/%.o,$(filter-out bench/bench_%,$(wildcard bench/*.c)))
TESTS     := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/test_*.c))
TOOLS     := $(patsubst tests/tools/%.c,$(BUILD)/tests/%,$(wildcard tests/tools/*.c))
RIG_TOOLS := $(BUILD)/tests/usbcam $(patsubst %,$(BUILD)/tests/%.so,careless lean faults)
CHECK_O   := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/check/*.c))
CASES_O   := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/kernel_cases/*.c))

.PHONY: FORCE all program library weights deps deps-ci deps-rig deps-test test rig demo check check-vggface2 \
        lint lint-changed analyze fuzz soak bench clean help tests benches
all: program weights

# A program for another CPU stays in its build folder.
PROGRAM  := $(if $(CROSS),$(BUILD)/)faceid$(if $(STATIC),-static)
program: $(PROGRAM)
faceid: $(BUILD)/faceid FORCE
	@cmp -s $< $@ || cp -f $< $@
$(if $(STATIC),$(PROGRAM)): $(BUILD)/faceid
	$(SAY) "strip $@"
	$(Q)$(CROSS)strip -o $@ $<

# Changes when a switch does, so that `make SDL=0` after `make` builds what it says. BUILT=1 takes what
# is built, with any switches: for tests of the installation.
$(BUILD)/flags: $(if $(BUILT),,FORCE)
	@mkdir -p $(@D)
	@echo "$(subst ",\",$(CC) $(CFLAGS_ALL) $(KERNEL_FLAGS) $(REF_FLAGS) $(LDFLAGS_ALL) $(ISA_FOLDERS))" | cmp -s - $@ || \
	    echo "$(subst ",\",$(CC) $(CFLAGS_ALL) $(KERNEL_FLAGS) $(REF_FLAGS) $(LDFLAGS_ALL) $(ISA_FOLDERS))" >$@
$(BUILD)/prefix: FORCE
	@mkdir -p $(@D)
	@echo '$(PREFIX)' | cmp -s - $@ || echo '$(PREFIX)' >$@
FORCE:

$(BUILD)/app/model_folders.o: $(BUILD)/prefix
$(BUILD)/app/model_folders.o: private FLAGS_FILE = '-DFID_PREFIX="$(PREFIX)"'
$(BUILD)/faceid: $(APP_O) $(BUILD)/libfaceid.a $(BUILD)/flags
	$(SAY) "link $@"
	$(Q)$(CC) $(LDFLAGS_ALL) $(LINK_PROGRAM) -o $@ $(filter %.o %.a,$^) $(LIBS_SDL) $(LIBS_LIB)

$(BUILD)/libfaceid.a: $(LIB_O)
	@rm -f $@
	$(SAY) "ar $@"
	$(Q)$(AR) rcs $@ $^

# Shared by programs of others. What it exports engine/fid.h says; until version 1 a new minor version
# is another library.
VERSION := $(shell sed -n 's/^.define FID_VERSION "\(.*\)"/\1/p' engine/fid.h)
SONAME  := libfaceid.so.$(basename $(VERSION))
library: $(BUILD)/libfaceid.so $(BUILD)/libfaceid.a
$(BUILD)/libfaceid.so: $(LIB_O) engine/libfaceid.map $(BUILD)/flags
	$(SAY) "link $@"
	$(Q)$(CC) $(LDFLAGS_ALL) -shared -Wl,-soname,$(SONAME) -Wl,--version-script,engine/libfaceid.map \
	    -Wl,-Bsymbolic-functions $(if $(SANITIZE),,-Wl,--no-undefined) -o $@ $(filter %.o,$^) $(LIBS_LIB)
$(BUILD)/faceid.pc: engine/faceid.pc.in FORCE
	@sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@VERSION@|$(VERSION)|' \
	    -e 's|@LIBS@|$(LIBS_LIB) -lz|' $< >$@

# ISA flags apply to the ISA folders alone.
define isa_rule
$(BUILD)/kernels/$(1)/%.o: kernels/$(1)/%.c $(BUILD)/flags kernels/$(1)/flags.mk
	@mkdir -p $$(@D)
	$$(SAY) "cc $$<"
	$$(Q)$$(CC) $$(CFLAGS_ALL) $$(FLAGS_$(1)) $$(KERNEL_FLAGS) -c -o $$@ $$<
endef
$(foreach isa,$(ISA_FOLDERS),$(eval $(call isa_rule,$(isa))))
$(BUILD)/kernels/ref/%.o: private FLAGS_FILE = $(REF_FLAGS)

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(SAY) "cc $<"
	$(Q)$(CC) $(CFLAGS_ALL) -c -o $@ $<

# ---- tests and benches ----
tests: $(TESTS) $(TOOLS) $(RIG_TOOLS) library $(BUILD)/libfaceid.3
$(BUILD)/tests/test_kernels: $(CASES_O)
$(BUILD)/tests/%: $(BUILD)/tests/%.o $(CHECK_O) $(BUILD)/libfaceid.a
	$(SAY) "link $@"
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $(filter %.o,$^) $(BUILD)/libfaceid.a $(LIBS_LIB)
$(BUILD)/tests/%: $(BUILD)/tests/tools/%.o $(BUILD)/libfaceid.a
	$(SAY) "link $@"
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $(filter %.o,$^) $(BUILD)/libfaceid.a $(LIBS_LIB)
$(BUILD)/tests/live_worker: $(patsubst %,$(BUILD)/app/%.o,config error $(addprefix enrollment/,enrollment_choose enrollment_save enrollment_spread gate))
$(BUILD)/tests/usbcam: $(patsubst %,$(BUILD)/tests/rigs/%.o,usbcam uvc)
	$(SAY) "link $@"
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $^
$(BUILD)/tests/%.so: $(BUILD)/tests/rigs/%.o
	$(SAY) "link $@"
	$(Q)$(CC) $(LDFLAGS_ALL) -shared -o $@ $^
benches: $(BENCHES)
$(BUILD)/libbench.a: $(BENCH_O)
	@rm -f $@
	$(SAY) "ar $@"
	$(Q)$(AR) rcs $@ $^
# Clock and peaks are those of `faceid bench`.
$(BUILD)/bench_%: $(BUILD)/bench/bench_%.o $(patsubst %,$(BUILD)/app/bench/%.o,peak products times) $(BUILD)/libbench.a $(BUILD)/libfaceid.a
	$(SAY) "link $@"
	$(Q)$(CC) $(LDFLAGS_ALL) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIBS_LIB)

# ---- set-up: what a bare Debian 12 lacks ----
DEPS := gcc libc6-dev make pkg-config curl ca-certificates python3-numpy python3-h5py python3-onnx \
        libjpeg62-turbo-dev libpng-dev libsqlite3-dev libutf8proc-dev ffmpeg \
        $(if $(filter 1,$(SODIUM)),libsodium-dev) $(if $(filter 1,$(POSTGRES)),libpq-dev) \
        $(if $(filter 1,$(OPENBLAS)),libopenblas0-pthread) \
        $(if $(filter 1,$(SDL)),libsdl2-dev libsdl2-ttf-dev fonts-dejavu-core)
DEPS_CI   := clang libclang-rt-14-dev clang-tidy cppcheck
DEPS_RIG  := qemu-system-x86 qemu-system-arm kmod e2fsprogs
DEPS_TEST := gcc-aarch64-linux-gnu libc6-dev-arm64-cross gcc-arm-linux-gnueabihf libc6-dev-armhf-cross \
             gcc-riscv64-linux-gnu libc6-dev-riscv64-cross \
             qemu-user-static clang-format dpkg-dev groff zsh fish lintian \
             $(if $(filter 1,$(POSTGRES)),postgresql-15) \
             $(if $(filter 1,$(SDL)),xvfb xdotool fonts-wqy-microhei)

# Installs the packages that are not there yet: $(call install_packages,NAMES).
install_packages = \
    missing=$$(for p in $(1); do \
        dpkg-query -W -f='$${Status}' $$p 2>/dev/null | grep -q 'ok installed' || echo $$p; done); \
    if [ -n "$$missing" ]; then \
        echo "Installing from Debian:" $$missing; \
        sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; \
        $$sudo apt-get update -qq && \
        DEBIAN_FRONTEND=noninteractive $$sudo apt-get install -y -qq --no-install-recommends \
            $$missing </dev/null >/dev/null || exit 1; \
    fi

deps:
	@$(call install_packages,$(DEPS) $$(command -v npm >/dev/null || echo npm))

deps-ci:
	@$(call install_packages,$(DEPS_CI))

# Virtual machines with a camera (tests/rigs).
deps-rig: deps-test
	@$(call install_packages,$(DEPS_RIG))

deps-test: deps
	@$(call install_packages,$(DEPS_TEST))

# ---- the main job ----
# Fetches a detector or recognizer where there is none (nothing else ever uses the network; WEIGHTS=no
# skips it).
weights: program
ifneq ($(WEIGHTS),no)
	@weights/get auto --lacking || \
	    echo "No detector or no recognizer yet: run weights/get auto --lacking where there is a network."
endif

demo: deps
	@$(MAKE) --no-print-directory WEIGHTS=no program
	@app/demo/demo

# ---- proof ----
test: deps-test
	@$(MAKE) --no-print-directory WEIGHTS=no program tests benches
	@tests/run

check: tests
	@tests/check_tree

# What compilers and their sanitizers do not see; any finding fails.
lint: deps-ci
	@$(MAKE) --no-print-directory $(BUILD)/lint/cppcheck $(LINT_TIDY)
	@$(MAKE) --no-print-directory analyze
# The files that were changed since a commit, by what looks at one file at a time.
SINCE = $(shell git rev-list -1 --before=$$(($$(git log -1 --format=%ct) - 86400)) HEAD 2>/dev/null || true)
LINT_CHANGED = $(shell git $(if $(SINCE),diff --name-only $(SINCE) --,ls-files) '*.c')
lint-changed: deps-ci
	@$(MAKE) --no-print-directory $(BUILD)/lint/cppcheck $(LINT_TIDY_CHANGED)
LINT_TIDY_CHANGED = $(filter $(patsubst %.c,$(BUILD)/lint/%.tidy,$(LINT_CHANGED)),$(LINT_TIDY))

LINT_HEADERS := $(wildcard $(addsuffix *.h,kernels/ kernels/*/ engine/ engine/*/ engine/*/*/ weights/ app/ app/*/ \
                    bench/ tests/ tests/*/))
LINT_C    := $(KERNEL_C) $(ENGINE_C) $(WEIGHTS_C) $(APP_C) $(wildcard app/package/*.c bench/*.c engine/examples/*.c tests/*.c tests/*/*.c)
LINT_TIDY := $(patsubst %.c,$(BUILD)/lint/%.tidy,$(LINT_C) $(ISA_C))
# .clang-tidy says which checks. One file a process: clang 14 mixes up va_list from one to the next.
$(BUILD)/lint/%.tidy: %.c .clang-tidy tests/.clang-tidy $(LINT_HEADERS) $(BUILD)/flags
	@mkdir -p $(@D)
	$(SAY) "clang-tidy $<"
	$(Q)clang-tidy --quiet $< -- $(CFLAGS_ALL) -Iengine $(FLAGS_$(word 2,$(subst /, ,$<))) 2>$@.log || \
	    { cat $@.log; exit 1; }
	@touch $@
$(BUILD)/lint/cppcheck: $(LINT_C) $(LINT_HEADERS)
	@mkdir -p $(@D)
	$(SAY) "cppcheck"
	$(Q)cppcheck --std=c11 --quiet --enable=warning,performance,portability --inline-suppr --error-exitcode=1 \
	    -D_GNU_SOURCE -D__linux__ $(FEATURES) -I. --suppress=missingIncludeSystem $(LINT_C)
	@touch $@
# gcc's path analyser on the program. It does not follow who owns memory through a pointer whose struct
# it did not see made: leaks are left to LeakSanitizer, which runs in the C tests under ASan.
analyze:
	@$(MAKE) --no-print-directory BUILD=$(BUILD)/analyzer CC=gcc WERROR=1 \
	    CFLAGS="-fanalyzer -Wno-analyzer-malloc-leak" $(BUILD)/analyzer/faceid

check-vggface2: program tests
	@test -n "$(H5)" || { echo "make check-vggface2 H5=rcmalli_vggface_tf_resnet50.h5 [LABELS=FILE] [PICTURE=ajb.jpg]"; exit 2; }
	$(PYTHON) convert/check_vggface2.py "$(H5)" $(if $(LABELS),--labels "$(LABELS)") $(if $(PICTURE),--picture "$(PICTURE)")

# Each target of tests/fuzz for FUZZ_RUNS inputs, or FUZZ_SECONDS if there are any, clang's sanitizers watching.
# The kernels are not watched but those of the reference: they take clang minutes to instrument.
FUZZERS   := $(patsubst tests/fuzz/%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_RUNS ?= 20000
FUZZ_SANITIZE := $(if $(SANITIZE),$(SANITIZE),address,undefined)
# SANITIZE=memory watches for reading what was never written. It must see every write, and
# sees none of libjpeg, libpng, utf8proc and stat: fuzz/unseen.c stands between, and targets of decoders stay out.
FUZZ_MEMORY := $(filter memory,$(FUZZ_SANITIZE))
FUZZ_BUILD  := $(BUILD)/fuzz$(if $(FUZZ_MEMORY),-memory)
FUZZ_FLAGS  := -fsanitize=fuzzer-no-link $(if $(FUZZ_MEMORY),-fsanitize-memory-track-origins)
# Optimizing clang first replaces reads of unwritten local variables by anything.
FUZZ_OPT    := $(if $(FUZZ_MEMORY),-O0 -g,$(OPT))
fuzz: FUZZERS := $(if $(FUZZ_MEMORY),$(filter-out fuzz_jpeg fuzz_png,$(FUZZERS)),$(FUZZERS))
fuzz: deps-ci
	@$(MAKE) --no-print-directory CC=clang SANITIZE=$(FUZZ_SANITIZE) BUILD=$(FUZZ_BUILD) KERNEL_FLAGS=-fno-sanitize=all \
	    OPT="$(FUZZ_OPT)" CFLAGS="$(FUZZ_FLAGS)" $(addprefix $(FUZZ_BUILD)/,$(FUZZERS))
	@$(MAKE) --no-print-directory $(FUZZERS:%=run-%)
run-fuzz_%:
	@mkdir -p $(BUILD)/fuzz/corpus/fuzz_$*
	@$(FUZZ_BUILD)/fuzz_$* -runs=$(FUZZ_RUNS) $(FUZZ_SECONDS:%=-max_total_time=%) -max_len=16384 -rss_limit_mb=4096 \
	    -print_final_stats=1 -dict=tests/fuzz/dictionaries/$* -artifact_prefix=$(FUZZ_BUILD)/ \
	    $(BUILD)/fuzz/corpus/fuzz_$* tests/fuzz/seeds/$* >$(FUZZ_BUILD)/fuzz_$*.log 2>&1 || \
	    { tail -n 40 $(FUZZ_BUILD)/fuzz_$*.log; exit 1; }
	@echo "   figure $*: $$(grep -o 'executed_units: .*' $(FUZZ_BUILD)/fuzz_$*.log | tr -dc 0-9) inputs without a finding"
FUZZ_WRAPPED := utf8proc_iterate utf8proc_decompose utf8proc_reencode fid_frame_jpeg_size fid_frame_decode_jpeg stat64 lstat64 fstat64 \
                fstatat64
FUZZ_O := $(if $(filter memory,$(SANITIZE)),$(BUILD)/tests/fuzz/unseen.o)
$(BUILD)/fuzz_network: $(BUILD)/tests/check/fid_builder.o
$(BUILD)/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(FUZZ_O) $(BUILD)/libfaceid.a
	$(SAY) "link $@"
	$(Q)$(CC) $(LDFLAGS_ALL) -fsanitize=fuzzer $(if $(FUZZ_O),$(FUZZ_WRAPPED:%=-Wl,--wrap=%)) -o $@ $^ $(LIBS_LIB)

# The program in virtual machines with a USB camera, and cut off from power.
rig: deps-rig
	@$(MAKE) --no-print-directory WEIGHTS=no program tests
	@FACEID_RIG=1 tests/run -j1 rig

# What takes longer than a gate may: a line for each run.
soak: deps-rig deps-ci
	@$(MAKE) --no-print-directory WEIGHTS=no program tests benches
	@tests/soak

bench: program benches
	@bench/run

include app/package/package.mk

help:
	@echo "make               the program ./faceid, and a model when there is none"
	@echo "make demo          names on faces: sets up, enrolls, identifies, shows where to look"
	@echo "make test          sets up and runs every test (tests/run WORD runs some)"
	@echo "make check         layering, headers, format"
	@echo "make lint          cppcheck, clang-tidy and gcc's analyser: any finding fails"
	@echo "make lint-changed  the first two, clang-tidy over what changed SINCE=commit (default: a day)"
	@echo "make bench         time by layer, kernels against the peak, stages of a frame"
	@echo "make fuzz          each fuzz target, FUZZ_RUNS=20000 inputs (SANITIZE=memory: MemorySanitizer)"
	@echo "make soak          hours: what a gate only samples, in full (tests/soak WORD runs some)"
	@echo "make rig           the program in virtual machines with a USB camera"
	@echo "make deps          the Debian packages (sudo when not root)"
	@echo "make library       libfaceid.so and libfaceid.a in the build folder"
	@echo "make install       PREFIX=/usr/local LIBDIR= DESTDIR=; make uninstall"
	@echo "make deb           Debian packages in the build folder"
	@echo "make check-vggface2 H5=FILE   the published network against its known answer"
	@echo "switches: OPENBLAS=0 SDL=0 SODIUM=0 POSTGRES=0 WEIGHTS=no STATIC=1 (./faceid-static: headless, no shared library)"
	@echo "          CROSS=aarch64-linux-gnu- SYSROOT=folder (docs/porting.md) SANITIZE=address,undefined"
	@echo "          BUILD=folder WERROR=1 CC=clang V=1"

-include $(shell find $(BUILD) -name cache -prune -o -name '*.d' -type f -print 2>/dev/null)
.PRECIOUS: $(BUILD)/%.o

clean:
	rm -rf $(BUILD) faceid faceid-static
