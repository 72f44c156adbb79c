"""Words that mean much the same, in English and Chinese: what a model of meaning would know.

Each line is one concept: English words, a bar, Chinese words; "~" before it marks a concept that
says little by itself. A concept is named after its first word. The words are those in which people
ask about programs and everyday things; a word that is not listed is only itself.
"""

from __future__ import annotations

import functools
import re
from typing import Final

from siliconflow_simulator.answers.words import stem, words

_LINES: Final = """
~create make build construct generate new | 创建 建立 新建 生成 构造 制作
~get obtain fetch retrieve | 获取 得到 取得
~find search locate lookup seek | 查找 搜索 寻找 找到 查询
~change modify alter update edit | 修改 更改 更新 编辑
~use usage employ | 使用 用法 利用
~show display print output | 显示 打印 输出 展示
~set assign | 设置 设定
~begin start launch | 开始 启动
~check test verify whether | 检查 检测 验证 判断 是否
~read load | 读取 读入 加载 阅读 读
~write save store dump | 写入 保存 存储 写
~open | 打开
~file document | 文件 文档
~name identifier | 名称 名字
~value | 值 数值
~function routine callable | 函数
~object instance | 对象 实例
~number numeric | 数字 数
~text string | 文本 字符串 字串
~data | 数据
~python | 蟒蛇
stop terminate kill cancel halt abort quit | 停止 终止 结束 取消 中止 退出
wait join block sleep pause | 等待 阻塞 暂停 睡眠
thread threading | 线程 多线程
process subprocess | 进程 子进程
run execute invoke call | 运行 执行 调用
command shell | 命令 指令
line row | 行
argument parameter option flag | 参数 选项
parse parser parsing | 解析 分析
temporary temp tempfile tmp | 临时 暂时
directory folder dir mkdir | 目录 文件夹
path pathname filename | 路径
sort sorted order arrange rank | 排序 排列 顺序
list sequence array | 列表 数组 序列
dictionary dict mapping | 字典 映射
set collection | 集合
tuple | 元组
remove delete erase unlink discard | 删除 移除 清除 去掉
copy duplicate clone | 复制 拷贝
move rename | 移动 重命名 改名
compress compression gzip zip | 压缩
decompress extract unpack uncompress unzip | 解压 解压缩 提取
archive tar | 归档 存档 打包
encrypt cipher | 加密
hash digest checksum md5 sha | 哈希 散列 摘要 校验和
encode encoding | 编码
decode decoding | 解码
random chance | 随机
shuffle permute | 打乱 洗牌
choose choice pick select sample | 选择 挑选 抽取 抽样
date day calendar | 日期 日历 天
time clock timestamp | 时间 时钟 时间戳
month | 月 月份
year leap | 年 闰年
measure benchmark timeit timing | 测量 计时 耗时 基准
connect connection | 连接
server serve | 服务器 服务端
client | 客户端
socket | 套接字
web http html browser | 网页 浏览器 超文本
url link address | 网址 链接 地址
email mail smtp | 电子邮件 邮件 邮箱
send post | 发送
receive accept | 接收 接受
download | 下载
upload | 上传
log logging logger | 日志 记录
error exception failure fault | 错误 异常 故障
warning | 警告
debug debugger breakpoint trace | 调试 断点 跟踪
test testing unittest | 测试 单元测试
json | 杰森
csv comma separated | 逗号分隔 表格
xml | 标记语言
table | 表
database sqlite sql | 数据库
query | 查询语句
config configuration setting ini | 配置文件 配置
environment variable | 环境变量 环境
install | 安装
package module library | 包 模块 库
import | 导入 引入
memory | 内存
cache memoize lru | 缓存
queue fifo | 队列
stack lifo | 栈 堆栈
heap priority | 堆 优先
tree | 树
graph | 图
count counter tally | 计数 统计 个数
sum total add | 求和 总和 相加 加法
average mean | 平均 平均值 均值
median | 中位数
deviation variance | 标准差 方差
maximum max largest greatest | 最大 最大值
minimum min smallest least | 最小 最小值
round | 四舍五入 取整
square root sqrt | 平方根 开方
prime factorization | 质数 素数
divisor gcd | 约数 公约数
divide division | 除 除法
multiply product | 乘 乘法 乘积
compare comparison difference diff | 比较 差异 对比
equal same | 相等 相同
replace substitute | 替换 取代
split divide separate | 分割 拆分 切分
join concatenate combine merge | 连接起来 拼接 合并
wrap fill width | 换行 折行
indent dedent | 缩进
match pattern regular expression regex | 匹配 正则 正则表达式 模式
upper uppercase capital | 大写
lower lowercase | 小写
reverse backward | 反转 倒序 逆序
iterate iterator loop | 迭代 循环 遍历
generator yield | 生成器
asynchronous async asyncio coroutine | 异步 协程
lock mutex synchronize | 锁 同步
timeout deadline | 超时 期限
signal interrupt | 信号 中断
schedule timer | 定时 定时器 计划
user | 用户
password secret token | 密码 口令 密钥 令牌
permission access mode chmod | 权限 访问
size length | 大小 长度 尺寸
image picture photo | 图片 图像 照片
sound audio wave | 声音 音频
color colour | 颜色
font | 字体
water | 水 浇水
tomato | 番茄 西红柿
bread | 面包
yeast | 酵母
weather | 天气
city town | 城市
book | 书 书籍
library | 图书馆
morning | 早上 早晨
evening night | 晚上 夜晚
week | 周 星期
cat | 猫
dog | 狗
tax | 税
price cost money | 价格 费用 钱
refund return | 退款 退货 返回
order purchase buy | 订单 购买 买
holiday vacation leave | 假期 休假 请假
"""
LITTLE: Final = 0.5
"""How much a concept counts that says little by itself."""


def _read() -> tuple[dict[str, str], dict[str, str], frozenset[str]]:
    english: dict[str, str] = {}
    chinese: dict[str, str] = {}
    little: set[str] = set()
    for line in _LINES.strip().splitlines():
        latin, _, cjk = line.removeprefix("~").partition("|")
        name = latin.split()[0]
        if line.startswith("~"):
            little.add(name)
        # A word of two concepts belongs to the first.
        for word in latin.split():
            english.setdefault(stem(word), name)
        for word in cjk.split():
            chinese.setdefault(word, name)
    return english, chinese, frozenset(little)


_ENGLISH, _CHINESE, _LITTLE = _read()
_CJK_WORD: Final = re.compile("|".join(sorted(_CHINESE, key=len, reverse=True)))


def concept(stemmed: str) -> str | None:
    """Return the concept of an English stem; `None` for a word that is only itself."""
    return _ENGLISH.get(stemmed)


def concepts(text: str) -> list[str]:
    """Return the concepts that a text names, in either language, with their repetitions."""
    found = [_ENGLISH[known] for word in words(text) if (known := _stem(word)) in _ENGLISH]
    found.extend(_CHINESE[word] for word in _CJK_WORD.findall(text))
    return found


def weight(name: str) -> float:
    """Tell how much a concept says: 1, or `LITTLE`."""
    return LITTLE if name in _LITTLE else 1.0


@functools.lru_cache(maxsize=65536)
def _stem(word: str) -> str:
    return stem(word) if word.isascii() else ""
