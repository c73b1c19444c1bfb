# faceid. `make help` lists the targets; README.md says what they are for.
#
#   make [OPENBLAS=0] [SDL=0] [WEIGHTS=no] [CROSS=aarch64-linux-gnu-] [SANITIZE=address,undefined]
#        [BUILD=folder] [WERROR=1] [CC=clang]
#
# Sources are found by folder: a new file needs no line here.

BUILD    ?= build
PREFIX   ?= /usr/local
OPENBLAS ?= 1
SDL      ?= 1
PYTHON   ?= /usr/bin/python3

ifneq ($(CROSS),)
CC := $(CROSS)gcc
AR := $(CROSS)ar
endif

TARGET_ARCH_NAME := $(firstword $(subst -, ,$(shell $(CC) -dumpmachine)))
ISA_x86_64  := avx2 avx512
ISA_aarch64 := neon
ISA_FOLDERS := $(foreach isa,$(ISA_$(TARGET_ARCH_NAME)),$(if $(wildcard kernels/$(isa)/*.c),$(isa)))

OPT      ?= -O2 -g
WARN     := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wvla
CFLAGS_ALL = -std=c11 -D_GNU_SOURCE -I. $(OPT) $(WARN) $(if $(WERROR),-Werror) -ffp-contract=off \
             -fvisibility=hidden -fPIC -pthread -fstack-protector-strong \
             $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-sanitize-recover=all -fno-omit-frame-pointer,-D_FORTIFY_SOURCE=2) \
             $(FEATURES) $(CPPFLAGS) $(CFLAGS) -MMD -MP
FEATURES  = $(foreach isa,$(ISA_FOLDERS),-DFID_HAVE_$(shell echo $(isa) | tr a-z A-Z)) \
            -DFID_OPENBLAS=$(OPENBLAS) -DFID_SDL=$(SDL)
PKG       = pkg-config
LIBS_LIB  = -ljpeg -lpng -lsqlite3 -lutf8proc -ldl -lm -pthread
LIBS_SDL  = $(if $(filter 1,$(SDL)),-lSDL2_ttf -lSDL2)
LDFLAGS_ALL = -Wl,-z,relro,-z,now $(if $(SANITIZE),-fsanitize=$(SANITIZE)) $(LDFLAGS)

# ---- sources ----
KERNEL_C  := $(wildcard kernels/*.c kernels/ref/*.c)
ISA_C     := $(foreach isa,$(ISA_FOLDERS),$(wildcard kernels/$(isa)/*.c))
ENGINE_C  := $(wildcard engine/*.c engine/base/*.c engine/nn/*.c engine/nn/ops/*.c engine/face/*.c)
WEIGHTS_C := $(wildcard weights/*.c)
LIB_O     := $(patsubst %.c,$(BUILD)/%.o,$(KERNEL_C) $(ISA_C) $(ENGINE_C) $(WEIGHTS_C))
WINDOW_C  := $(wildcard app/window*.c app/overlay*.c)
APP_C     := $(filter-out $(if $(filter 1,$(SDL)),,$(WINDOW_C)),$(wildcard app/*.c))
APP_O     := $(patsubst %.c,$(BUILD)/%.o,$(APP_C))
BENCHES   := $(patsubst bench/%.c,$(BUILD)/%,$(wildcard bench/bench_*.c))
TESTS     := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/test_*.c))
TOOLS     := $(patsubst tests/tools/%.c,$(BUILD)/tests/%,$(wildcard tests/tools/*.c))
CHECK_O   := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/check/*.c))
CASES_O   := $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/kernel_cases/*.c))

.PHONY: all program weights deps test test-run demo demo-run check bench install uninstall clean help tests benches
all: program weights

program: faceid
faceid: $(BUILD)/faceid
	@cp -f $< $@

$(BUILD)/faceid: $(APP_O) $(BUILD)/libfaceid.a
	$(CC) $(LDFLAGS_ALL) -pie -o $@ $^ $(LIBS_SDL) $(LIBS_LIB)

$(BUILD)/libfaceid.a: $(LIB_O)
	@rm -f $@
	$(AR) rcs $@ $^

# ISA flags apply to the ISA folders alone (kernels/<isa>/flags.mk sets FLAGS_<isa>).
-include $(foreach isa,$(ISA_FOLDERS),kernels/$(isa)/flags.mk)
define isa_rule
$(BUILD)/kernels/$(1)/%.o: kernels/$(1)/%.c
	@mkdir -p $$(@D)
	$$(CC) $$(CFLAGS_ALL) $$(FLAGS_$(1)) -c -o $$@ $$<
endef
$(foreach isa,$(ISA_FOLDERS),$(eval $(call isa_rule,$(isa))))

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS_ALL) -c -o $@ $<

# ---- tests and benches ----
tests: $(TESTS) $(TOOLS)
$(BUILD)/tests/test_kernels: $(CASES_O)
$(BUILD)/tests/%: $(BUILD)/tests/%.o $(CHECK_O) $(BUILD)/libfaceid.a
	$(CC) $(LDFLAGS_ALL) -o $@ $(filter %.o,$^) $(BUILD)/libfaceid.a $(LIBS_LIB)
$(BUILD)/tests/%: $(BUILD)/tests/tools/%.o $(BUILD)/libfaceid.a
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_LIB)
benches: $(BENCHES)
$(BUILD)/bench_%: $(BUILD)/bench/bench_%.o $(BUILD)/libfaceid.a
	$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_LIB)

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
.SECONDARY:

clean:
	rm -rf $(BUILD) faceid
