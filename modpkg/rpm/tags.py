"""The numbers of rpm's format: tags, types, flags. Only those that modpkg writes or checks."""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Final


class Type(IntEnum):
    """How the data of a tag are stored."""

    CHAR = 1
    INT8 = 2
    INT16 = 3
    INT32 = 4
    INT64 = 5
    STRING = 6
    BIN = 7
    STRING_ARRAY = 8
    I18NSTRING = 9


class Signature(IntEnum):
    """Tags of the signature header."""

    REGION = 62
    EDDSA = 267
    RSA = 268
    SHA256 = 273
    SIZE = 1000
    PAYLOAD_SIZE = 1007
    RESERVED_SPACE = 1008


class Tag(IntEnum):
    """Tags of the main header."""

    REGION = 63
    I18N_TABLE = 100
    NAME = 1000
    VERSION = 1001
    RELEASE = 1002
    EPOCH = 1003
    SUMMARY = 1004
    DESCRIPTION = 1005
    BUILD_TIME = 1006
    BUILD_HOST = 1007
    SIZE = 1009
    LICENSE = 1014
    PACKAGER = 1015
    GROUP = 1016
    URL = 1020
    OS = 1021
    ARCH = 1022
    FILE_SIZES = 1028
    FILE_MODES = 1030
    FILE_RDEVS = 1033
    FILE_MTIMES = 1034
    FILE_DIGESTS = 1035
    FILE_LINK_TOS = 1036
    FILE_FLAGS = 1037
    FILE_USER_NAME = 1039
    FILE_GROUP_NAME = 1040
    SOURCE_RPM = 1044
    FILE_VERIFY_FLAGS = 1045
    PROVIDE_NAME = 1047
    REQUIRE_FLAGS = 1048
    REQUIRE_NAME = 1049
    REQUIRE_VERSION = 1050
    CONFLICT_FLAGS = 1053
    CONFLICT_NAME = 1054
    CONFLICT_VERSION = 1055
    RPM_VERSION = 1064
    CHANGELOG_TIME = 1080
    CHANGELOG_NAME = 1081
    CHANGELOG_TEXT = 1082
    FILE_DEVICES = 1095
    FILE_INODES = 1096
    FILE_LANGS = 1097
    PROVIDE_FLAGS = 1112
    PROVIDE_VERSION = 1113
    DIR_INDEXES = 1116
    BASE_NAMES = 1117
    DIR_NAMES = 1118
    PAYLOAD_FORMAT = 1124
    PAYLOAD_COMPRESSOR = 1125
    PAYLOAD_FLAGS = 1126
    PLATFORM = 1132
    FILE_DIGEST_ALGORITHM = 5011
    ENCODING = 5062
    PAYLOAD_DIGEST = 5092
    PAYLOAD_DIGEST_ALGORITHM = 5093


class Sense(IntFlag):
    """How a relation compares versions."""

    ANY = 0
    LESS = 2
    GREATER = 4
    EQUAL = 8
    RPMLIB = 1 << 24


class FileFlag(IntFlag):
    """What kind of file rpm takes one for."""

    NONE = 0
    CONFIG = 1 << 0
    DOCUMENTATION = 1 << 1
    NOREPLACE = 1 << 4


SHA256_ALGORITHM: Final = 8
