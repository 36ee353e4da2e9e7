"""What a user's query may be made of: SQLGlot's expression classes, by name, and further functions of DuckDB.

Absent on purpose: everything that reads files, settings, the environment or the catalog of the engine; everything
that runs text as a query; recursion; macros, lambdas over files, sampling of tables by seed; statements of any
kind but SELECT. A class that SQLGlot adds later is refused until it is written here.
"""

from __future__ import annotations

_QUERY = """
Alias Aliases CTE Column Columns Cube Distinct Except Exists Fetch Filter From Group GroupingSets Grouping Having
Identifier In Intersect Join Lateral Limit Null Offset Order Ordered Paren Placeholder PositionalColumn Qualify
Rollup Select Star Subquery Table TableAlias Tuple Union Values Var Where Window WindowSpec With WithinGroup Pivot
PivotAlias PivotAny IgnoreNulls RespectNulls
"""

_OPERATORS = """
Add All And Any Between BitwiseAnd BitwiseOr BitwiseXor Boolean Bracket Case Cast DPipe DataType DataTypeParam Div
Dot EQ Escape GT GTE Glob ILike If IntDiv Interval IntervalSpan Is LT LTE Like Literal Mod Mul NEQ Neg Not
NullSafeEQ NullSafeNEQ Or Pow PropertyEQ SimilarTo Slice Struct Sub TryCast Xor Array Comprehension Lambda Kwarg
"""

_AGGREGATES = """
AnyValue ApproxDistinct ApproxQuantile ArgMax ArgMin ArrayAgg Avg Corr Count CountIf CovarPop CovarSamp CumeDist
DenseRank First FirstValue GroupConcat Kurtosis Lag Last LastValue Lead LogicalAnd LogicalOr Max Median Min Mode
NthValue Ntile PercentRank PercentileCont PercentileDisc Quantile Rank RegrAvgx RegrAvgy RegrCount RegrIntercept
RegrR2 RegrSlope RegrSxx RegrSxy RegrSyy RegrSlope RowNumber Skewness Stddev StddevPop StddevSamp Sum Variance
VariancePop
"""

_VALUES = """
Abs Acos Asin Atan Atan2 Cbrt Ceil Coalesce Cos Degrees Exp Floor Greatest Least Ln Log Nullif Pi Radians Round Sign
Sin Sqrt Tan Trunc ArrayContains ArrayDistinct ArraySize ArraySum ArrayMax ArrayMin ArraySort Explode
Unnest GenerateSeries Length Concat ConcatWs Contains EndsWith Initcap Left Levenshtein Lower Pad Repeat
Replace Reverse Right Split SplitPart StartsWith StrPosition Substring Trim Upper Ascii Chr Unicode RegexpExtract
RegexpLike RegexpReplace RegexpFullMatch ToChar CurrentDate CurrentTimestamp Date DateAdd DateBin DateDiff DateFromParts
DateStrToDate DateSub DateTrunc Day DayOfMonth DayOfWeek DayOfWeekIso DayOfYear Dayname Extract LastDay MakeInterval
Month Monthname Quarter StrToDate StrToTime TimeToStr Timestamp TimestampDiff TimestampTrunc TsOrDsToDate Week
WeekOfYear Year YearOfWeek YearOfWeekIso
"""

EXPRESSIONS: frozenset[str] = frozenset(f"{_QUERY} {_OPERATORS} {_AGGREGATES} {_VALUES}".split())

# By the names SQLGlot gives them. A name that a user made up is a type of its own there, and may be anything.
_TYPES = """
ARRAY BIGINT BIT BOOLEAN DATE DECIMAL DOUBLE FLOAT INT INT128 INTERVAL LIST MAP SMALLINT STRUCT TEXT TIME TIMESTAMP
TIMESTAMPNTZ TIMESTAMPTZ TIMESTAMP_MS TIMESTAMP_NS TIMESTAMP_S TIMETZ TIME_NS TINYINT UBIGINT UINT UINT128 USMALLINT
UTINYINT UUID VARBINARY
"""

TYPES: frozenset[str] = frozenset(_TYPES.split())

_FURTHER_FUNCTIONS = """
age bar bool_and bool_or century date_part datepart decade entropy epoch era even format hamming histogram
isfinite isinf isnan jaccard jaro_similarity jaro_winkler_similarity list_aggregate list_avg list_count
list_max list_min list_sum ltrim mad printf product regr_count rtrim sem strlen text_split weekday weekofyear
yearweek
"""

ANONYMOUS_FUNCTIONS: frozenset[str] = frozenset(_FURTHER_FUNCTIONS.split())
